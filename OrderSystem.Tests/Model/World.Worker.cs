namespace OrderSystem.Tests.Model;

/// <summary>What the steps of the workers do.</summary>
internal sealed partial class World
{
    /// <summary>Calls that are under way although another holds the lease: how often that was begun.</summary>
    internal int Overlaps { get; private set; }

    private void TakeForWorker(Step step)
    {
        var worker = step.What == Do.PaymentLeaseEnds ? null! : Workers[step.Who];
        switch (step.What)
        {
            case Do.Receive:
                Receive(worker, Api.Stream[step.On]);
                break;
            case Do.Handle:
                Handle(worker);
                break;
            case Do.Reconcile:
                Reconcile(worker, step.On);
                break;
            case Do.LookUp:
                LookUp(worker, Payments[worker.Order]);
                break;
            case Do.LookUpFails:
                GiveBack(Payments[worker.Order]);
                worker.Forget();
                break;
            case Do.CallHasNoEffect:
                worker.Stage = Stage.NoEffect;
                break;
            case Do.ChargeSucceeds or Do.ChargeDeclines:
                worker.IsSuccess = Provider.Charge(worker.Order, Payments[worker.Order].Key, step.What == Do.ChargeSucceeds);
                worker.Stage = Stage.Answered;
                break;
            case Do.AnswerLost:
                Provider.Charge(worker.Order, Payments[worker.Order].Key, step.On == 0);
                worker.Stage = Stage.NoAnswer;
                break;
            case Do.CallFails:
                worker.Stage = Stage.NoAnswer;
                break;
            case Do.Record:
                Record(worker);
                break;
            case Do.Tell:
                Tell(worker.Order, worker.IsSuccess ? Kind.Succeeded : Kind.Declined);
                worker.Stage = Stage.Done;
                break;
            case Do.Refund or Do.RefundAnswerLost:
                Refund(worker, step.What == Do.Refund);
                break;
            case Do.RecordRefund:
                RecordRefund(Payments[worker.Order], worker.Order);
                worker.Forget();
                break;
            case Do.Acknowledge:
                if (worker.Held is { } held)
                    held.State = Delivery.Acknowledged;
                worker.Forget();
                break;
            case Do.PaymentLeaseEnds:
                Payments[step.Who].IsLeased = false;
                break;
            default:
                worker.Forget();
                break;
        }
    }

    /// <summary>Transaction 1.</summary>
    private void Handle(Consumer worker)
    {
        var (payment, told) = (Payments[worker.Order], worker.Held!.Event);

        // The age of the event is looked at now: the provider may have forgotten its key since the message was received.
        var isDoubtful = worker.IsDoubtful || IsOld[worker.Order];
        if (told.Kind == Kind.Cancelled)
        {
            HandleCancellation(payment, told, isDoubtful);
            worker.Stage = Stage.Done;
        }
        else if (payment.State is PaymentState.None or PaymentState.Charging or PaymentState.Unknown)
        {
            if (payment.IsLeased && Has(Guard.Lease))
            {
                // In other hands: it comes again after a while.
                worker.Forget();
                return;
            }

            payment.IsInDoubt |= payment.State == PaymentState.None && isDoubtful;
            Begin(worker, payment);
        }
        else
        {
            Worker.Inbox.Add(told);
            if (canRepair && Has(Guard.OutcomeOfferedAgain))
                Worker.OfferAgain(worker.Order, NextEmission());
            worker.Stage = Stage.Done;
        }
    }

    private void HandleCancellation(Payment payment, Event told, bool isDoubtful)
    {
        Worker.Inbox.Add(told);
        if (payment.State == PaymentState.None && !Has(Guard.CancellationHoldsPlace))
            return;
        payment.IsCancelled = true;
        if (payment.RefundKey == 0)
            payment.RefundKey = RefundKeyOf(told.Order);
        if (payment.State == PaymentState.None)
            (payment.State, payment.IsInDoubt) = Has(Guard.CancellationIsLookedUp) ? (PaymentState.Unknown, true) : (PaymentState.Cancelled, false);
        else if (payment is { State: PaymentState.Charging, Attempts: 0 } && !isDoubtful)
            payment.State = PaymentState.Cancelled;
        if (payment.State == PaymentState.Succeeded)
            (payment.State, payment.IsLeased) = (PaymentState.Refunding, false);
    }

    private void Begin(Consumer worker, Payment payment)
    {
        if (payment.State == PaymentState.None)
            payment.State = PaymentState.Charging;
        if (payment.Key == 0 || !Has(Guard.ProviderKeyKept))
            payment.Key = Has(Guard.ProviderKeyDerived) && Has(Guard.ProviderKeyKept) ? -1 - worker.Order : ++keys;
        if (payment.IsLeased && Workers.Any(other => other != worker && other.Stage == Stage.Begun && other.Order == worker.Order))
            Overlaps++;
        payment.IsLeased = true;
        payment.Attempts++;
        worker.Stage = LooksUpFirst(payment, worker) ? Stage.LookingUp : Stage.Begun;
    }

    private void Reconcile(Consumer worker, int order)
    {
        (worker.Order, worker.Held) = (order, null);
        if (Payments[order].State != PaymentState.Refunding)
        {
            Begin(worker, Payments[order]);
            return;
        }

        Payments[order].IsLeased = true;
        worker.Stage = Stage.RefundBegun;
    }

    /// <summary>Transaction 2, or the lease given back where there is no answer.</summary>
    private void Record(Consumer worker)
    {
        var payment = Payments[worker.Order];
        if (worker.Stage == Stage.NoEffect)
        {
            GiveBack(payment);
            worker.Forget();
            return;
        }

        if (worker.Stage == Stage.NoAnswer && Has(Guard.LostAnswerIsUnknown))
        {
            if (payment.State is PaymentState.Charging)
                payment.State = PaymentState.Unknown;
            if (payment.State is PaymentState.Unknown)
                payment.IsLeased = false;
            worker.Forget();
            return;
        }

        worker.IsSuccess &= worker.Stage == Stage.Answered;
        if (worker.Held is { } held)
            Worker.Inbox.Add(held.Event);
        worker.Stage = Stage.Done;
        if (payment.State is not (PaymentState.Charging or PaymentState.Unknown) && Has(Guard.OutcomeOnce))
            return;
        if (payment.RefundKey == 0)
            payment.RefundKey = RefundKeyOf(worker.Order);
        payment.IsLeased = false;
        payment.State = !worker.IsSuccess ? PaymentState.Declined
            : payment.IsCancelled && Has(Guard.LateSuccessIsRefunded) ? PaymentState.Refunding
            : PaymentState.Succeeded;
        if (Has(Guard.OutcomeWithItsEvent))
            Tell(worker.Order, worker.IsSuccess ? Kind.Succeeded : Kind.Declined);
        else
            worker.Stage = Stage.Untold;
    }

    private void RecordRefund(Payment payment, int order)
    {
        if (payment.State != PaymentState.Refunding)
            return;
        payment.State = PaymentState.Refunded;
        Tell(order, Kind.Refunded);
    }

    private void Tell(int order, Kind kind) => Worker.Commit(new(order, ++Payments[order].Events, kind, Lives[order]));
}
