namespace OrderSystem.Tests.Model;

/// <summary>
/// The whole system in memory: two relays for each outbox, two workers, the API's consumer, the provider, and a broker that may lose,
/// repeat and reorder. What the real processes do in one transaction, publish, acknowledgement or call is one <see cref="Step"/> here.
/// </summary>
internal sealed partial class World(Safeguard? without, bool canRepair)
{
    internal const int OrderCount = 2;

    /// <summary>The only order that may be cancelled: otherwise hardly any order would be paid.</summary>
    private const int Cancellable = 1;

    private static readonly StepKind[] WorkerSteps =
    [
        StepKind.Handle, StepKind.LookUp, StepKind.ChargeSucceeds, StepKind.ChargeDeclines, StepKind.Record, StepKind.CommitEvent,
        StepKind.Refund, StepKind.RecordRefund, StepKind.LookUpPart, StepKind.RefundPart, StepKind.RecordPart, StepKind.Acknowledge,
    ];

    private int keys;
    private int republishStamps;

    internal Order[] Orders { get; } = [new(), new()];

    internal Payment[] Payments { get; } = [new(), new()];

    internal Service Api { get; } = new();

    internal Service Worker { get; } = new();

    internal Consumer[] Workers { get; } = [new(), new()];

    internal Consumer Results { get; } = new();

    internal Provider Provider { get; } = new();

    /// <summary>How often each event of a payment was applied as new.</summary>
    internal Dictionary<Event, int> Effects { get; } = [];

    /// <summary>Lets enough time pass that everything with a backoff is due again.</summary>
    internal void LetTimePass()
    {
        foreach (var order in Orders.Where(_ => Has(Safeguard.CancellationRepublishedAgain)))
            order.IsRepublished = false;
    }

    private bool Has(Safeguard safeguard) => without != safeguard;

    /// <summary>The steps that can be next without a fault.</summary>
    internal IEnumerable<Step> Enabled()
    {
        foreach (var (side, service) in new[] { Api, Worker }.Index())
        {
            for (var relay = 0; relay < 2; relay++)
            {
                if (service.Relays[relay] is { Held: not null } busy)
                    yield return new(busy.IsAcknowledged ? StepKind.Delete : StepKind.Publish, (side * 2) + relay);
                else
                    foreach (var (place, _) in service.Outbox.Index().Where(entry => IsClaimable(service, entry.Item)))
                        yield return new(StepKind.Claim, (side * 2) + relay, place);
            }

            foreach (var (place, _) in service.Outbox.Index().Where(entry => entry.Item.IsClaimed))
                yield return new(StepKind.RowLeaseEnds, side, place);
            foreach (var (place, _) in service.Stream.Index().Where(
                entry => entry.Item.State == Delivery.Delivered && !Waits(entry.Item.Event)))
                yield return new(StepKind.Redeliver, side, place);
        }

        foreach (var step in EnabledForWorkers().Concat(EnabledForOrders()).Concat(EnabledForWebhooks()).Concat(EnabledForParts()))
            yield return step;
    }

    /// <summary>The faults that can be next.</summary>
    internal IEnumerable<Step> Faults()
    {
        foreach (var (side, service) in new[] { Api, Worker }.Index())
        {
            for (var relay = 0; relay < 2; relay++)
            {
                if (service.Relays[relay] is not { Held: not null } busy)
                    continue;
                yield return new(StepKind.RelayDies, (side * 2) + relay);
                if (!busy.IsAcknowledged)
                    yield return new(StepKind.AckOfPublishLost, (side * 2) + relay);
                if (!busy.IsAcknowledged)
                    yield return new(StepKind.PublishLost, (side * 2) + relay);
            }

            yield return new(StepKind.DuplicateWindowOver, side);
            if (service.Stream.Exists(message => message.State == Delivery.Acknowledged))
                yield return new(StepKind.ConsumerRecreated, side);
            if (canRepair && service.Stream.Count > 0)
                yield return new(StepKind.StoreLost, side);
            for (var place = 0; canRepair && place < service.Stream.Count; place++)
                yield return new(StepKind.MessageLost, side, place);
        }

        for (var worker = 0; worker < 2; worker++)
        {
            var stage = Workers[worker].Stage;
            if (stage != ConsumerStage.Idle)
                yield return new(StepKind.WorkerDies, worker);
            if (stage == ConsumerStage.Begun)
            {
                yield return new(StepKind.ResponseLost, worker, 0);
                yield return new(StepKind.ResponseLost, worker, 1);
                yield return new(StepKind.CallFails, worker);
            }

            if (stage == ConsumerStage.Begun)
            {
                yield return new(StepKind.CallHasNoEffect, worker);
                yield return new(StepKind.ChargeIsProcessed, worker, 0);
                yield return new(StepKind.ChargeIsProcessed, worker, 1);
            }

            if (stage == ConsumerStage.LookingUp)
                yield return new(StepKind.LookUpFails, worker);
            if (stage == ConsumerStage.RefundBegun)
                yield return new(StepKind.RefundResponseLost, worker);
            if (stage == ConsumerStage.Done)
                yield return new(StepKind.AckLost, worker);
        }

        if (Results.Stage != ConsumerStage.Idle)
            yield return new(StepKind.ConsumerDies);
        foreach (var step in Restores().Concat(WebhookFaults()).Concat(PartFaults()))
            yield return step;
    }

    private IEnumerable<Step> EnabledForWorkers()
    {
        for (var worker = 0; worker < 2; worker++)
        {
            var stage = Workers[worker].Stage;
            if (stage == ConsumerStage.Idle)
            {
                foreach (var (place, _) in Api.Stream.Index().Where(
                    entry => entry.Item.State == Delivery.Waiting && !Waits(entry.Item.Event)))
                    yield return new(StepKind.Receive, worker, place);
                for (var order = 0; order < OrderCount; order++)
                {
                    if (Payments[order]
                            is { IsLeased: false, State: PaymentState.Charging or PaymentState.Unknown or PaymentState.Refunding }
                        || (Payments[order] is { IsLeased: false, State: PaymentState.Processing } && Has(Safeguard.ProcessingIsLookedUp)))
                        yield return new(StepKind.Reconcile, worker, order);
                }
            }

            foreach (var what in WorkerSteps.Where(what => StageOf(what) == stage))
                yield return new(what, worker);
            if (stage is ConsumerStage.NoResponse or ConsumerStage.NoEffect)
                yield return new(StepKind.Record, worker);
        }

        for (var order = 0; order < OrderCount; order++)
        {
            if (Payments[order].IsLeased)
                yield return new(StepKind.PaymentLeaseEnds, order);
        }
    }

    private IEnumerable<Step> EnabledForOrders()
    {
        foreach (var (place, _) in Worker.Stream.Index()
            .Where(entry => entry.Item.State == Delivery.Waiting && Results.Stage == ConsumerStage.Idle))
            yield return new(StepKind.ReceiveResult, 0, place);
        if (Results.Stage != ConsumerStage.Idle)
            yield return new(Results.Stage == ConsumerStage.Received ? StepKind.ApplyResult : StepKind.AcknowledgeResult);
        for (var order = 0; order < OrderCount; order++)
        {
            if (Orders[order].State == OrderState.None)
                yield return new(StepKind.Place, order);
            if (Orders[order].State == OrderState.Pending && order == Cancellable)
                yield return new(StepKind.Cancel, order);
            if (CanBeRepublished(order))
                yield return new(StepKind.RepublishStalled, order);
            if (IsPaymentLost[order] && Api.Outbox.TrueForAll(row => row.Event.Order != order))
                yield return new(StepKind.Redrive, order);
        }
    }

    private bool CanBeRepublished(int order) => canRepair && Has(Safeguard.StalledOrdersRepublished)
        && (Orders[order].State == OrderState.Pending || (order == Refundable && HasOpenRefund)
            || (Orders[order].State == OrderState.Cancelled && !Orders[order].IsRepublished))
        && Api.Outbox.TrueForAll(row => row.Event.Order != order);

    private bool IsClaimable(Service service, Row row) => !row.IsClaimed
        && (!Has(Safeguard.OldestFirst)
            || service.Outbox.TrueForAll(earlier => earlier.Event.Order != row.Event.Order || earlier.Event.Version >= row.Event.Version));

    private static ConsumerStage StageOf(StepKind what) => what switch
    {
        StepKind.Handle => ConsumerStage.Received,
        StepKind.LookUp => ConsumerStage.LookingUp,
        StepKind.ChargeSucceeds or StepKind.ChargeDeclines => ConsumerStage.Begun,
        StepKind.Record => ConsumerStage.Responded,
        StepKind.CommitEvent => ConsumerStage.EventMissing,
        StepKind.Refund => ConsumerStage.RefundBegun,
        StepKind.RecordRefund => ConsumerStage.RefundResponded,
        StepKind.LookUpPart => ConsumerStage.PartLookingUp,
        StepKind.RefundPart => ConsumerStage.PartBegun,
        StepKind.RecordPart => ConsumerStage.PartResponded,
        _ => ConsumerStage.Done,
    };
}
