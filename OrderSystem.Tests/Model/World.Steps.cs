namespace OrderSystem.Tests.Model;

/// <summary>What the steps of relays, broker, orders and results do.</summary>
internal sealed partial class World
{
    internal void Take(Step step)
    {
        var service = step.What is Do.Claim or Do.Publish or Do.Delete or Do.RelayDies or Do.AckOfPublishLost or Do.PublishLost
            ? step.Who < 2 ? Api : Worker
            : step.Who == 0 ? Api : Worker;
        var relay = service.Relays[step.Who % 2];
        switch (step.What)
        {
            case Do.Claim:
                (relay.Held, relay.IsAcknowledged) = (service.Outbox[step.On], false);
                relay.Held.IsClaimed = true;
                if (!Has(Guard.DeleteAfterAck))
                    service.Outbox.RemoveAt(step.On);
                break;
            case Do.Publish:
                service.Store(relay.Held!);
                relay.IsAcknowledged = true;
                break;
            case Do.Delete:
                service.Outbox.RemoveAll(row => row.Event == relay.Held!.Event);
                relay.Held = null;
                break;
            case Do.AckOfPublishLost:
                service.Store(relay.Held!);
                relay.Held = null;
                break;
            case Do.PublishLost or Do.RelayDies:
                relay.Held = null;
                break;
            case Do.RowLeaseEnds:
                service.Outbox[step.On].IsClaimed = false;
                break;
            case Do.Redeliver:
                service.Stream[step.On].State = Delivery.Waiting;
                break;
            case Do.ConsumerMadeAgain:
                service.Stream.ForEach(message => (message.State, message.Deliveries) = (Delivery.Waiting, 0));
                break;
            case Do.WindowOver:
                service.Known.Clear();
                break;
            case Do.MessageLost:
                service.Known.Remove((service.Stream[step.On].Event, service.Stream[step.On].Emission));
                service.Stream.RemoveAt(step.On);
                break;
            case Do.StoreLost:
                service.Known.Clear();
                service.Stream.Clear();
                break;
            case Do.PaymentRestored or Do.KeysForgotten or Do.RefundedByHand or Do.Redrive:
                TakeForRestore(step);
                break;
            case Do.Place or Do.Cancel or Do.Sweep:
                TakeForOrder(step.What, step.Who);
                break;
            case Do.ReceiveResult or Do.ApplyResult or Do.AcknowledgeResult or Do.ConsumerDies:
                TakeForResults(step);
                break;
            default:
                TakeForWorker(step);
                break;
        }
    }

    private void TakeForOrder(Do what, int order)
    {
        switch (what)
        {
            case Do.Place:
                Orders[order].State = OrderState.Pending;
                Api.Commit(new(order, 1, Kind.Created));
                break;
            case Do.Cancel:
                Orders[order].State = OrderState.Cancelled;
                Api.Commit(new(order, 2, Kind.Cancelled));
                break;
            default:
                Orders[order].IsOffered = Orders[order].State == OrderState.Cancelled;
                Api.OfferAgain(order, NextEmission());
                break;
        }
    }

    private void TakeForResults(Step step)
    {
        switch (step.What)
        {
            case Do.ReceiveResult:
                Receive(Results, Worker.Stream[step.On]);
                break;
            case Do.ApplyResult:
                Apply(Results.Held!.Event);
                Results.Stage = Stage.Done;
                break;
            case Do.AcknowledgeResult:
                Results.Held!.State = Delivery.Acknowledged;
                Results.Forget();
                break;
            default:
                Results.Forget();
                break;
        }
    }

    private void Receive(Consumer consumer, Message message)
    {
        (consumer.Stage, consumer.Held, consumer.Order) = (Stage.Received, message, message.Event.Order);
        consumer.IsDoubtful = message.Deliveries++ > 0 || message.Emission > 0;
        message.State = Has(Guard.AckAfterCommit) ? Delivery.Delivered : Delivery.Acknowledged;
    }

    /// <summary>The inbox row and the status, in one transaction.</summary>
    private void Apply(Event told)
    {
        if (told.Kind == Kind.Refunded || (!Api.Inbox.Add(told) && Has(Guard.Inbox)))
            return;
        Effects[told] = Effects.GetValueOrDefault(told) + 1;
        if (Orders[told.Order].State == OrderState.Pending || !Has(Guard.FinalStatus))
            Orders[told.Order].State = told.Kind == Kind.Succeeded ? OrderState.Paid : OrderState.Failed;
    }

    private int NextEmission() => Has(Guard.NewMessageId) ? ++emissions : 0;
}
