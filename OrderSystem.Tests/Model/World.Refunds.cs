namespace OrderSystem.Tests.Model;

/// <summary>What was given back of a charge at the provider.</summary>
/// <param name="Id">Its id there.</param>
/// <param name="Order">The order.</param>
/// <param name="Refund">Our refund that it is; 0 for one that was made at the provider's console, or charged back.</param>
/// <param name="Amount">Its amount.</param>
internal sealed record GivenBack(int Id, int Order, int Refund, int Amount);

internal enum PartState
{
    Pending,
    Succeeded,
    Failed,
}

/// <summary>The row of a refund of a paid order.</summary>
internal sealed class Part(int id, int order, int amount)
{
    internal int Id => id;

    internal int Order => order;

    internal int Amount => amount;

    internal PartState State { get; set; }

    internal int Key { get; set; }

    internal bool IsLeased { get; set; }

    internal bool WasBegun { get; set; }

    internal bool IsInDoubt { get; set; }

    internal bool IsKeyOld { get; set; }

    /// <summary>The refund at the provider.</summary>
    internal int Made { get; set; }
}

/// <summary>Refunds of a paid order: requested, made at the provider's console, or charged back.</summary>
internal sealed partial class World
{
    internal const int ChargedAmount = 3;

    /// <summary>Two of them exceed the charge.</summary>
    private const int RequestedAmount = 2;
    private const int MaxRequests = 2;

    /// <summary>The order that cannot be cancelled.</summary>
    private const int Refundable = 0;

    internal List<Part> Parts { get; } = [];

    /// <summary>The refunds that clients have requested.</summary>
    internal List<int> Requested { get; } = [];

    /// <summary>What the order API knows of each refund.</summary>
    internal Dictionary<int, Kind> Told { get; } = [];

    private bool HasOpenRefund => Requested.Exists(refund => !Told.ContainsKey(refund));

    private IEnumerable<Step> EnabledForParts()
    {
        if (Orders[Refundable].State == OrderState.Paid && Requested.Count < MaxRequests)
            yield return new(StepKind.RequestRefund);
        foreach (var (place, part) in Parts.Index().Where(entry => entry.Item.State == PartState.Pending))
        {
            if (part.IsLeased)
                yield return new(StepKind.PartLeaseEnds, 0, place);
            for (var worker = 0; worker < 2 && !part.IsLeased; worker++)
            {
                if (Workers[worker].Stage == ConsumerStage.Idle)
                    yield return new(StepKind.ReconcilePart, worker, place);
            }
        }
    }

    private IEnumerable<Step> PartFaults()
    {
        for (var worker = 0; worker < 2; worker++)
        {
            if (Workers[worker].Stage == ConsumerStage.PartBegun)
                yield return new(StepKind.PartResponseLost, worker);
        }

        if (Provider.Charged.Contains(Refundable) && !Provider.GivenBack.Exists(part => part.Refund == 0))
        {
            yield return new(StepKind.RefundedAtConsole);
            yield return new(StepKind.ChargedBack);
        }
    }

    private void TakeForParts(Step step)
    {
        switch (step.What)
        {
            case StepKind.RequestRefund:
                Requested.Add(Requested.Count + 1);
                Api.Commit(new(Refundable, 1 + Requested.Count, Kind.RefundRequested, Refund: Requested.Count));
                break;
            case StepKind.PartLeaseEnds:
                Parts[step.Target].IsLeased = false;
                break;
            default:
                // A chargeback takes what it gets, a refund at the console a part of it.
                var left = ChargedAmount - Provider.GivenBack.Sum(part => part.Amount);
                Provider.GiveBack(Refundable, ++keys, refund: 0, step.What == StepKind.ChargedBack ? Math.Max(1, left) : 1);
                break;
        }
    }

    /// <summary>A request whose payment is not known yet, or not any more, is redelivered later.</summary>
    private bool Waits(Event stored) =>
        stored.Kind == Kind.RefundRequested && Payments[stored.Order].State != PaymentState.Succeeded;

    private void HandleRefundRequest(Consumer worker, Event stored, bool isDoubtful)
    {
        if (Waits(stored))
        {
            worker.Forget();
            return;
        }

        Worker.Inbox.Add(stored);
        worker.Stage = ConsumerStage.Done;
        if (Parts.Find(part => part.Id == stored.Refund) is { } known && Has(Safeguard.PartRequestedOnce))
        {
            if (known.State != PartState.Pending && canRepair && Has(Safeguard.OutcomeRepublished))
                Worker.Republish(stored.Order, NextRepublishStamp());
            return;
        }

        Parts.Add(new(stored.Refund, stored.Order, RequestedAmount)
        {
            Key = Has(Safeguard.PartKeyDerived) && Has(Safeguard.PartRequestedOnce) ? -2_000 - stored.Refund : ++keys,
            IsInDoubt = isDoubtful,
        });
    }

    private void TakeForPart(Consumer worker, Step step)
    {
        switch (step.What)
        {
            case StepKind.ReconcilePart:
                var part = Parts[step.Target];
                (worker.Part, worker.Order, worker.Held) = (part, part.Order, null);
                part.IsLeased = part.WasBegun = true;
                if (!Has(Safeguard.PartKeyDerived))
                    part.Key = ++keys;
                worker.Stage = (part.IsInDoubt || part.IsKeyOld) && Has(Safeguard.PartIsLookedUp)
                    ? ConsumerStage.PartLookingUp
                    : ConsumerStage.PartBegun;
                break;
            case StepKind.LookUpPart:
                worker.Made = Provider.FindPart(worker.Part!.Id)?.Id;
                worker.Part.IsInDoubt = false;
                worker.Stage = worker.Made is null ? ConsumerStage.PartBegun : ConsumerStage.PartResponded;
                break;
            case StepKind.RecordPart:
                End(worker.Part!, worker.Made);
                worker.Forget();
                break;
            default:
                var refund = worker.Part!;
                var made = Provider.GiveBack(refund.Order, refund.Key, refund.Id, refund.Amount);
                if (step.What == StepKind.PartResponseLost)
                    worker.Forget();
                else
                    (worker.Made, worker.Stage) = (made?.Id, ConsumerStage.PartResponded);
                break;
        }
    }

    /// <summary>One without its payment, or without its row although it is ours, waits.</summary>
    private bool IsApplicable(Webhook webhook) => webhook.Part is { } made
        ? Payments[webhook.Order].State == PaymentState.Succeeded && (made.Refund == 0 || Parts.Exists(part => part.Id == made.Refund))
        : Payments[webhook.Order].State != PaymentState.None;

    private void Apply(GivenBack made)
    {
        var part = made.Refund != 0
            ? Parts.Find(part => part.Id == made.Refund)
            : Parts.Find(part => part.Made == made.Id && Has(Safeguard.GivenBackToldOnce));
        if (part is null)
            Parts.Add(part = new(-made.Id, made.Order, made.Amount));
        End(part, made.Id);
    }

    /// <summary>The end of a refund and its event, in one transaction.</summary>
    private void End(Part part, int? made)
    {
        if ((part.State != PartState.Pending && Has(Safeguard.PartEndsOnce)) || !Parts.Contains(part))
            return;
        (part.State, part.Made, part.IsLeased) = (made is null ? PartState.Failed : PartState.Succeeded, made ?? 0, false);
        var kind = made is null ? Kind.PartFailed : Kind.PartRefunded;
        Worker.Commit(new(part.Order, ++Payments[part.Order].Events, kind, Incarnations[part.Order], part.Id));
    }
}
