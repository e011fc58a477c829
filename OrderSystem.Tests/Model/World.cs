namespace OrderSystem.Tests.Model;

/// <summary>
/// The whole system in memory: two relays for each outbox, two workers, the API's consumer, the provider, and a broker that may lose,
/// repeat and reorder. What the real processes do in one transaction, publish, acknowledgement or call is one <see cref="Step"/> here.
/// </summary>
internal sealed partial class World(Guard? without, bool canRepair)
{
    internal const int OrderCount = 2;

    /// <summary>The other one is never cancelled: else hardly any would be left to be paid.</summary>
    private const int Cancellable = 1;

    private static readonly Do[] WorkerSteps = [Do.Handle, Do.LookUp, Do.ChargeSucceeds, Do.ChargeDeclines, Do.Record, Do.Tell, Do.Refund, Do.RecordRefund, Do.Acknowledge];

    private int keys;
    private int emissions;

    internal Order[] Orders { get; } = [new(), new()];

    internal Payment[] Payments { get; } = [new(), new()];

    internal Service Api { get; } = new();

    internal Service Worker { get; } = new();

    internal Consumer[] Workers { get; } = [new(), new()];

    internal Consumer Results { get; } = new();

    internal Provider Provider { get; } = new();

    /// <summary>How often each event of a payment was taken in as new.</summary>
    internal Dictionary<Event, int> Effects { get; } = [];

    /// <summary>So much time that whatever is due at growing intervals is due once more.</summary>
    internal void LetTimePass()
    {
        foreach (var order in Orders.Where(_ => Has(Guard.CancellationSweptAgain)))
            order.IsOffered = false;
    }

    private bool Has(Guard guard) => without != guard;

    /// <summary>What could happen next without anything going wrong.</summary>
    internal IEnumerable<Step> Enabled()
    {
        foreach (var (side, service) in new[] { Api, Worker }.Index())
        {
            for (var relay = 0; relay < 2; relay++)
            {
                if (service.Relays[relay] is { Held: not null } busy)
                    yield return new(busy.IsAcknowledged ? Do.Delete : Do.Publish, (side * 2) + relay);
                else
                    foreach (var (place, _) in service.Outbox.Index().Where(entry => IsClaimable(service, entry.Item)))
                        yield return new(Do.Claim, (side * 2) + relay, place);
            }

            foreach (var (place, _) in service.Outbox.Index().Where(entry => entry.Item.IsClaimed))
                yield return new(Do.RowLeaseEnds, side, place);
            foreach (var (place, _) in service.Stream.Index().Where(entry => entry.Item.State == Delivery.Delivered))
                yield return new(Do.Redeliver, side, place);
        }

        foreach (var step in EnabledForWorkers().Concat(EnabledForOrders()))
            yield return step;
    }

    /// <summary>What could go wrong next.</summary>
    internal IEnumerable<Step> Faults()
    {
        foreach (var (side, service) in new[] { Api, Worker }.Index())
        {
            for (var relay = 0; relay < 2; relay++)
            {
                if (service.Relays[relay] is not { Held: not null } busy)
                    continue;
                yield return new(Do.RelayDies, (side * 2) + relay);
                if (!busy.IsAcknowledged)
                    yield return new(Do.AckOfPublishLost, (side * 2) + relay);
                if (!busy.IsAcknowledged)
                    yield return new(Do.PublishLost, (side * 2) + relay);
            }

            yield return new(Do.WindowOver, side);
            if (service.Stream.Exists(message => message.State == Delivery.Acknowledged))
                yield return new(Do.ConsumerMadeAgain, side);
            if (canRepair && service.Stream.Count > 0)
                yield return new(Do.StoreLost, side);
            for (var place = 0; canRepair && place < service.Stream.Count; place++)
                yield return new(Do.MessageLost, side, place);
        }

        for (var worker = 0; worker < 2; worker++)
        {
            var stage = Workers[worker].Stage;
            if (stage != Stage.Idle)
                yield return new(Do.WorkerDies, worker);
            if (stage == Stage.Begun)
            {
                yield return new(Do.AnswerLost, worker, 0);
                yield return new(Do.AnswerLost, worker, 1);
                yield return new(Do.CallFails, worker);
            }

            if (stage == Stage.Begun)
                yield return new(Do.CallHasNoEffect, worker);
            if (stage == Stage.LookingUp)
                yield return new(Do.LookUpFails, worker);
            if (stage == Stage.RefundBegun)
                yield return new(Do.RefundAnswerLost, worker);
            if (stage == Stage.Done)
                yield return new(Do.AckLost, worker);
        }

        if (Results.Stage != Stage.Idle)
            yield return new(Do.ConsumerDies);
        foreach (var step in Restores())
            yield return step;
    }

    private IEnumerable<Step> EnabledForWorkers()
    {
        for (var worker = 0; worker < 2; worker++)
        {
            var stage = Workers[worker].Stage;
            if (stage == Stage.Idle)
            {
                foreach (var (place, _) in Api.Stream.Index().Where(entry => entry.Item.State == Delivery.Waiting))
                    yield return new(Do.Receive, worker, place);
                for (var order = 0; order < OrderCount; order++)
                {
                    if (Payments[order] is { IsLeased: false, State: PaymentState.Charging or PaymentState.Unknown or PaymentState.Refunding })
                        yield return new(Do.Reconcile, worker, order);
                }
            }

            foreach (var what in WorkerSteps.Where(what => StageOf(what) == stage))
                yield return new(what, worker);
            if (stage is Stage.NoAnswer or Stage.NoEffect)
                yield return new(Do.Record, worker);
        }

        for (var order = 0; order < OrderCount; order++)
        {
            if (Payments[order].IsLeased)
                yield return new(Do.PaymentLeaseEnds, order);
        }
    }

    private IEnumerable<Step> EnabledForOrders()
    {
        foreach (var (place, _) in Worker.Stream.Index().Where(entry => entry.Item.State == Delivery.Waiting && Results.Stage == Stage.Idle))
            yield return new(Do.ReceiveResult, 0, place);
        if (Results.Stage != Stage.Idle)
            yield return new(Results.Stage == Stage.Received ? Do.ApplyResult : Do.AcknowledgeResult);
        for (var order = 0; order < OrderCount; order++)
        {
            if (Orders[order].State == OrderState.None)
                yield return new(Do.Place, order);
            if (Orders[order].State == OrderState.Pending && order == Cancellable)
                yield return new(Do.Cancel, order);
            if (CanBeSwept(order))
                yield return new(Do.Sweep, order);
            if (IsForgotten[order] && Api.Outbox.TrueForAll(row => row.Event.Order != order))
                yield return new(Do.Redrive, order);
        }
    }

    private bool CanBeSwept(int order) => canRepair && Has(Guard.Sweeper)
        && (Orders[order].State == OrderState.Pending || (Orders[order].State == OrderState.Cancelled && !Orders[order].IsOffered))
        && Api.Outbox.TrueForAll(row => row.Event.Order != order);

    private bool IsClaimable(Service service, Row row) => !row.IsClaimed
        && (!Has(Guard.OldestFirst) || service.Outbox.TrueForAll(earlier => earlier.Event.Order != row.Event.Order || earlier.Event.Version >= row.Event.Version));

    private static Stage StageOf(Do what) => what switch
    {
        Do.Handle => Stage.Received,
        Do.LookUp => Stage.LookingUp,
        Do.ChargeSucceeds or Do.ChargeDeclines => Stage.Begun,
        Do.Record => Stage.Answered,
        Do.Tell => Stage.Untold,
        Do.Refund => Stage.RefundBegun,
        Do.RecordRefund => Stage.RefundAnswered,
        _ => Stage.Done,
    };
}
