namespace OrderSystem.Tests.Model;

/// <summary>The effects of the steps of the workers.</summary>
internal sealed partial class World
{
    /// <summary>How often a worker began a call while another one was in flight for the same order.</summary>
    internal int Overlaps { get; private set; }

    private void TakeForWorker(Step step)
    {
        var worker = step.What == StepKind.PaymentLeaseEnds ? null! : Workers[step.Actor];
        switch (step.What)
        {
            case StepKind.Receive:
                Receive(worker, Api.Stream[step.Target]);
                break;
            case StepKind.Handle:
                Handle(worker);
                break;
            case StepKind.Reconcile:
                Reconcile(worker, step.Target);
                break;
            case StepKind.LookUp:
                LookUp(worker, Payments[worker.Order]);
                break;
            case StepKind.LookUpFails:
                ReturnLease(Payments[worker.Order]);
                worker.Forget();
                break;
            case StepKind.CallHasNoEffect:
                worker.Stage = ConsumerStage.NoEffect;
                break;
            case StepKind.ChargeSucceeds or StepKind.ChargeDeclines:
                Respond(worker, Provider.Charge(worker.Order, Payments[worker.Order].Key, step.What == StepKind.ChargeSucceeds));
                break;
            case StepKind.ChargeIsProcessed:
                Respond(worker, Provider.Charge(worker.Order, Payments[worker.Order].Key, step.Target == 0, isProcessed: true));
                break;
            case StepKind.ResponseLost:
                Provider.Charge(worker.Order, Payments[worker.Order].Key, step.Target == 0);
                worker.Stage = ConsumerStage.NoResponse;
                break;
            case StepKind.CallFails:
                worker.Stage = ConsumerStage.NoResponse;
                break;
            case StepKind.Record:
                Record(worker);
                break;
            case StepKind.CommitEvent:
                CommitEvent(worker.Order, worker.IsSuccess ? Kind.Succeeded : Kind.Declined);
                worker.Stage = ConsumerStage.Done;
                break;
            case StepKind.Refund or StepKind.RefundResponseLost:
                Refund(worker, step.What == StepKind.Refund);
                break;
            case StepKind.RecordRefund:
                RecordRefund(Payments[worker.Order], worker.Order);
                worker.Forget();
                break;
            case StepKind.ReconcilePart or StepKind.LookUpPart or StepKind.RefundPart or StepKind.RecordPart or StepKind.PartResponseLost:
                TakeForPart(worker, step);
                break;
            case StepKind.Acknowledge:
                if (worker.Held is { } held)
                    held.State = Delivery.Acknowledged;
                worker.Forget();
                break;
            case StepKind.PaymentLeaseEnds:
                Payments[step.Actor].IsLeased = false;
                break;
            default:
                worker.Forget();
                break;
        }
    }

    /// <summary>Transaction 1.</summary>
    private void Handle(Consumer worker)
    {
        var (payment, stored) = (Payments[worker.Order], worker.Held!.Event);

        // The age of the event is checked now, because its key may have expired at the provider since the message was received.
        var isDoubtful = worker.IsDoubtful || IsOld[worker.Order];
        if (stored.Kind == Kind.RefundRequested)
        {
            HandleRefundRequest(worker, stored, isDoubtful);
        }
        else if (stored.Kind == Kind.Cancelled)
        {
            HandleCancellation(payment, stored, isDoubtful);
            worker.Stage = ConsumerStage.Done;
        }
        else if (payment.State is PaymentState.None or PaymentState.Charging or PaymentState.Unknown)
        {
            if (payment.IsLeased && Has(Safeguard.Lease))
            {
                // Another worker holds the lease, so the message is redelivered later.
                worker.Forget();
                return;
            }

            payment.IsInDoubt |= payment.State == PaymentState.None && isDoubtful;
            Begin(worker, payment);
        }
        else
        {
            Worker.Inbox.Add(stored);
            if (canRepair && Has(Safeguard.OutcomeRepublished))
                Worker.Republish(worker.Order, NextRepublishStamp());
            worker.Stage = ConsumerStage.Done;
        }
    }

    private void HandleCancellation(Payment payment, Event stored, bool isDoubtful)
    {
        Worker.Inbox.Add(stored);
        if (payment.State == PaymentState.None && !Has(Safeguard.CancellationCreatesPayment))
            return;
        payment.IsCancelled = true;
        if (payment.RefundKey == 0)
            payment.RefundKey = RefundKeyOf(stored.Order);
        if (payment.State == PaymentState.None)
            (payment.State, payment.IsInDoubt) = Has(Safeguard.CancellationIsLookedUp)
                ? (PaymentState.Unknown, true)
                : (PaymentState.Cancelled, false);
        else if (payment is { State: PaymentState.Charging, Attempts: 0 } && !isDoubtful)
            payment.State = PaymentState.Cancelled;
        if (payment.State == PaymentState.Succeeded)
            (payment.State, payment.IsLeased) = (PaymentState.Refunding, false);
    }

    private void Begin(Consumer worker, Payment payment)
    {
        if (payment.State == PaymentState.None)
            payment.State = PaymentState.Charging;
        if (payment.Key == 0 || !Has(Safeguard.ProviderKeyKept))
            payment.Key = Has(Safeguard.ProviderKeyDerived) && Has(Safeguard.ProviderKeyKept) ? -1 - worker.Order : ++keys;
        if (payment.IsLeased && Workers.Any(other => other != worker && other.Stage == ConsumerStage.Begun && other.Order == worker.Order))
            Overlaps++;
        payment.IsLeased = true;
        if (payment.State == PaymentState.Processing && Has(Safeguard.ProcessingNeverChargedAgain))
        {
            worker.Stage = ConsumerStage.LookingUp;
            return;
        }

        payment.Attempts++;
        worker.Stage = LooksUpFirst(payment, worker) ? ConsumerStage.LookingUp : ConsumerStage.Begun;
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
        worker.Stage = ConsumerStage.RefundBegun;
    }

    /// <summary>Transaction 2, or the return of the lease without a response.</summary>
    private void Record(Consumer worker)
    {
        var payment = Payments[worker.Order];
        if (worker.Stage == ConsumerStage.NoEffect)
        {
            ReturnLease(payment);
            worker.Forget();
            return;
        }

        if (worker.Stage == ConsumerStage.NoResponse && Has(Safeguard.LostResponseIsUnknown))
        {
            if (payment.State is PaymentState.Charging)
                payment.State = PaymentState.Unknown;
            if (payment.State is PaymentState.Unknown)
                payment.IsLeased = false;
            worker.Forget();
            return;
        }

        worker.IsSuccess &= worker.Stage == ConsumerStage.Responded;
        worker.IsProcessing &= worker.Stage == ConsumerStage.Responded;
        if (worker.Held is { } held)
            Worker.Inbox.Add(held.Event);
        worker.Stage = ConsumerStage.Done;
        var isOpen = payment.State is PaymentState.Charging or PaymentState.Unknown or PaymentState.Processing;
        if (worker.IsProcessing)
        {
            if (isOpen)
                (payment.State, payment.IsLeased, payment.HadNoCharge) = (PaymentState.Processing, false, false);
            return;
        }

        if (!isOpen && Has(Safeguard.OutcomeOnce))
            return;
        if (End(payment, worker.Order, worker.IsSuccess))
            return;
        worker.Stage = ConsumerStage.EventMissing;
    }

    private static void Respond(Consumer worker, Answer answer) =>
        (worker.IsSuccess, worker.IsProcessing, worker.Stage) =
            (answer == Answer.Succeeded, answer == Answer.Processing, ConsumerStage.Responded);

    /// <summary>The outcome and its event, in one transaction. False: without the safeguard the event is still missing.</summary>
    private bool End(Payment payment, int order, bool isSuccess)
    {
        if (payment.RefundKey == 0)
            payment.RefundKey = RefundKeyOf(order);
        payment.IsLeased = false;
        payment.State = !isSuccess ? PaymentState.Declined
            : payment.IsCancelled && Has(Safeguard.LateSuccessIsRefunded) ? PaymentState.Refunding
            : PaymentState.Succeeded;
        if (!Has(Safeguard.OutcomeWithItsEvent))
            return false;
        CommitEvent(order, isSuccess ? Kind.Succeeded : Kind.Declined);
        return true;
    }

    private void RecordRefund(Payment payment, int order)
    {
        if (payment.State != PaymentState.Refunding)
            return;
        payment.State = PaymentState.Refunded;
        CommitEvent(order, Kind.Refunded);
    }

    private void CommitEvent(int order, Kind kind) => Worker.Commit(new(order, ++Payments[order].Events, kind, Incarnations[order]));
}
