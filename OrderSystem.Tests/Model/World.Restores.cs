namespace OrderSystem.Tests.Model;

/// <summary>A payments database that is restored, keys that the provider forgets, and the look-ups that make up for both.</summary>
internal sealed partial class World
{
    /// <summary>How often the payment of an order was forgotten.</summary>
    internal int[] Lives { get; } = new int[OrderCount];

    /// <summary>Orders whose payment was forgotten, and whose events nobody has sent again since.</summary>
    private bool[] IsForgotten { get; } = new bool[OrderCount];

    /// <summary>Orders that are older than what the provider remembers of keys.</summary>
    private bool[] IsOld { get; } = new bool[OrderCount];

    /// <summary>Only the repair finds what a restore has lost; the provider keeps its keys for longer than any call takes.</summary>
    private IEnumerable<Step> Restores()
    {
        for (var order = 0; canRepair && order < OrderCount; order++)
        {
            if (Payments[order].State != PaymentState.None)
                yield return new(Do.PaymentRestored, order);
        }

        for (var order = 0; order < OrderCount; order++)
        {
            if (Orders[order].State == OrderState.Cancelled && Provider.Charged.Contains(order) && !Provider.Refunded.Contains(order))
                yield return new(Do.RefundedByHand, order);
        }

        if (Array.TrueForAll(Workers, worker => worker.Stage is not (Stage.Begun or Stage.LookingUp or Stage.RefundBegun)))
            yield return new(Do.KeysForgotten);
    }

    private void TakeForRestore(Step step)
    {
        switch (step.What)
        {
            case Do.PaymentRestored:
                Forget(step.Who);
                break;
            case Do.KeysForgotten:
                Provider.ForgetKeys();
                for (var order = 0; order < OrderCount; order++)
                {
                    IsOld[order] |= Orders[order].State != OrderState.None;
                    Payments[order].IsKeyOld |= Payments[order].Attempts > 0;
                }

                break;
            case Do.RefundedByHand:
                Provider.RefundByHand(step.Who);
                break;
            default:
                IsForgotten[step.Who] = false;
                Api.OfferAgain(step.Who, NextEmission());
                break;
        }
    }

    /// <summary>To a time before the order's event came: whoever works on it is stopped for that.</summary>
    private void Forget(int order)
    {
        foreach (var worker in Workers)
            worker.Forget();
        foreach (var relay in Worker.Relays.Where(relay => relay.Held?.Event.Order == order))
            relay.Held = null;
        Payments[order] = new();
        Worker.Events.RemoveAll(told => told.Order == order);
        Worker.Outbox.RemoveAll(row => row.Event.Order == order);
        Worker.Inbox.RemoveWhere(received => received.Order == order);
        Lives[order]++;
        IsForgotten[order] = true;
    }

    private bool LooksUpFirst(Payment payment, Consumer worker) =>
        payment.IsCancelled
        || (Has(Guard.LookUpInDoubt) && (payment.IsInDoubt || (payment.Attempts == 1 && (worker.Held is not { } held || held.Emission > 0 || IsOld[worker.Order]))))
        || (Has(Guard.LookUpWhenKeyIsOld) && payment.IsKeyOld);

    private void LookUp(Consumer worker, Payment payment)
    {
        if (Provider.Find(worker.Order) is { } found)
        {
            (worker.IsSuccess, worker.Stage) = (found, Stage.Answered);
            return;
        }

        if (!payment.IsCancelled)
        {
            (payment.IsInDoubt, worker.Stage) = (false, Stage.Begun);
            return;
        }

        // The second answer comes when every call that was under way at the first is over.
        var settles = Workers.Any(other => other != worker && other.Stage == Stage.Begun && other.Order == worker.Order);
        if (!Has(Guard.CallsSettleFirst) || (payment.HadNoCharge && !settles))
            payment.State = PaymentState.Cancelled;
        payment.HadNoCharge |= !settles;
        payment.IsLeased = false;
        worker.Forget();
    }

    /// <summary>As if it had not been begun. A cancelled payment of which nothing was sent has ended.</summary>
    private void GiveBack(Payment payment)
    {
        if (payment.State is not (PaymentState.Charging or PaymentState.Unknown))
            return;
        payment.IsLeased = false;
        payment.Attempts--;
        if (payment.IsCancelled && (payment is { Attempts: 0, IsInDoubt: false } || !Has(Guard.EarlierCallsRemembered)))
            payment.State = PaymentState.Cancelled;
    }

    private void Refund(Consumer worker, bool isAnswered)
    {
        var payment = Payments[worker.Order];
        if (!Has(Guard.RefundKeyKept))
            payment.RefundKey = ++keys;
        var looksUpFirst = (payment.IsInDoubt && Has(Guard.LookUpInDoubt)) || (payment.IsKeyOld && Has(Guard.LookUpWhenKeyIsOld));
        var isDone = (looksUpFirst && Provider.Refunded.Contains(worker.Order)) || Provider.Refund(worker.Order, payment.RefundKey) || Has(Guard.RefusedRefundIsLookedUp);
        worker.Stage = isAnswered && isDone ? Stage.RefundAnswered : Stage.Idle;
    }

    private int RefundKeyOf(int order) => Has(Guard.RefundKeyKept) ? -1_000 - order : ++keys;
}
