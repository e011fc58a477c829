namespace OrderSystem.Tests.Model;

/// <summary>Restores of the payments database, keys that expire at the provider, and the look-ups that compensate for both.</summary>
internal sealed partial class World
{
    /// <summary>How often the payment of an order was lost.</summary>
    internal int[] Incarnations { get; } = new int[OrderCount];

    /// <summary>Orders whose payment was lost and whose events have not been re-driven since.</summary>
    private bool[] IsPaymentLost { get; } = new bool[OrderCount];

    /// <summary>Orders that are older than the retention of keys at the provider.</summary>
    private bool[] IsOld { get; } = new bool[OrderCount];

    /// <summary>Only the repair recovers what a restore has lost. The provider retains its keys for longer than any call takes.</summary>
    private IEnumerable<Step> Restores()
    {
        for (var order = 0; canRepair && order < OrderCount; order++)
        {
            if (Payments[order].State != PaymentState.None)
                yield return new(StepKind.PaymentRestored, order);
        }

        for (var order = 0; order < OrderCount; order++)
        {
            if (Orders[order].State == OrderState.Cancelled && Provider.Charged.Contains(order) && !Provider.Refunded.Contains(order))
                yield return new(StepKind.RefundedByHand, order);
        }

        if (Array.TrueForAll(
            Workers, worker => worker.Stage is not (ConsumerStage.Begun or ConsumerStage.LookingUp or ConsumerStage.RefundBegun
                or ConsumerStage.PartBegun or ConsumerStage.PartLookingUp)))
            yield return new(StepKind.KeysForgotten);
    }

    private void TakeForRestore(Step step)
    {
        switch (step.What)
        {
            case StepKind.PaymentRestored:
                Forget(step.Actor);
                break;
            case StepKind.KeysForgotten:
                Provider.ForgetKeys();
                for (var order = 0; order < OrderCount; order++)
                {
                    IsOld[order] |= Orders[order].State != OrderState.None;
                    Payments[order].IsKeyOld |= Payments[order].Attempts > 0;
                }

                Parts.ForEach(part => part.IsKeyOld |= part.WasBegun);

                break;
            case StepKind.RefundedByHand:
                Provider.RefundByHand(step.Actor);
                break;
            default:
                // The provider repeats its webhooks, too.
                IsPaymentLost[step.Actor] = false;
                Api.Republish(step.Actor, NextRepublishStamp());
                Provider.GivenBack.Where(part => part.Order == step.Actor).ToList().ForEach(Provider.Report);
                break;
        }
    }

    /// <summary>
    /// Restores the payment to a time before the order's event arrived. The workers and the relays of the order are stopped for that.
    /// </summary>
    private void Forget(int order)
    {
        foreach (var worker in Workers)
            worker.Forget();
        foreach (var relay in Worker.Relays.Where(relay => relay.Held?.Event.Order == order))
            relay.Held = null;
        Payments[order] = new();
        Worker.Events.RemoveAll(stored => stored.Order == order);
        Worker.Outbox.RemoveAll(row => row.Event.Order == order);
        Worker.Inbox.RemoveWhere(received => received.Order == order);
        WebhookInbox.RemoveAll(webhook => webhook.Order == order);
        webhooksKnown.RemoveWhere(webhook => webhook.Order == order);
        Parts.RemoveAll(part => part.Order == order);
        Incarnations[order]++;
        IsPaymentLost[order] = true;
    }

    private bool LooksUpFirst(Payment payment, Consumer worker) =>
        payment.IsCancelled
        || (Has(Safeguard.LookUpInDoubt)
            && (payment.IsInDoubt
                || (payment.Attempts == 1 && (worker.Held is not { } held || held.RepublishStamp > 0 || IsOld[worker.Order]))))
        || (Has(Safeguard.LookUpWhenKeyIsOld) && payment.IsKeyOld);

    private void LookUp(Consumer worker, Payment payment)
    {
        if (Provider.Find(worker.Order) is { } found)
        {
            Respond(worker, found);
            return;
        }

        if (payment.State == PaymentState.Processing)
        {
            payment.IsLeased = false;
            worker.Forget();
            return;
        }

        if (!payment.IsCancelled)
        {
            (payment.IsInDoubt, worker.Stage) = (false, ConsumerStage.Begun);
            return;
        }

        // The second look-up counts only when every call that was in flight at the first has ended.
        var settles = Workers.Any(other => other != worker && other.Stage == ConsumerStage.Begun && other.Order == worker.Order);
        if (!Has(Safeguard.CallsSettleFirst) || (payment.HadNoCharge && !settles))
            payment.State = PaymentState.Cancelled;
        payment.HadNoCharge |= !settles;
        payment.IsLeased = false;
        worker.Forget();
    }

    /// <summary>
    /// Undoes the begin of a call that had no effect. A cancelled payment for which no call may have had an effect is then final.
    /// </summary>
    private void ReturnLease(Payment payment)
    {
        if (payment.State == PaymentState.Processing)
            payment.IsLeased = false;
        if (payment.State is not (PaymentState.Charging or PaymentState.Unknown))
            return;
        payment.IsLeased = false;
        payment.Attempts--;
        if (payment.IsCancelled && (payment is { Attempts: 0, IsInDoubt: false } || !Has(Safeguard.EarlierCallsRemembered)))
            payment.State = PaymentState.Cancelled;
    }

    private void Refund(Consumer worker, bool hasResponse)
    {
        var payment = Payments[worker.Order];
        if (!Has(Safeguard.RefundKeyKept))
            payment.RefundKey = ++keys;
        var looksUpFirst = (payment.IsInDoubt && Has(Safeguard.LookUpInDoubt)) || (payment.IsKeyOld && Has(Safeguard.LookUpWhenKeyIsOld));
        var isDone = (looksUpFirst && Provider.Refunded.Contains(worker.Order))
            || Provider.Refund(worker.Order, payment.RefundKey) || Has(Safeguard.RejectedRefundIsLookedUp);
        worker.Stage = hasResponse && isDone ? ConsumerStage.RefundResponded : ConsumerStage.Idle;
    }

    private int RefundKeyOf(int order) => Has(Safeguard.RefundKeyKept) ? -1_000 - order : ++keys;
}
