namespace OrderSystem.Tests.Model;

/// <summary>The effects of the steps of relays, broker, orders and results.</summary>
internal sealed partial class World
{
    internal void Take(Step step)
    {
        var service = step.What is StepKind.Claim or StepKind.Publish or StepKind.Delete or StepKind.RelayDies
                or StepKind.AckOfPublishLost or StepKind.PublishLost
            ? step.Actor < 2 ? Api : Worker
            : step.Actor == 0 ? Api : Worker;
        var relay = service.Relays[step.Actor % 2];
        switch (step.What)
        {
            case StepKind.Claim:
                (relay.Held, relay.IsAcknowledged) = (service.Outbox[step.Target], false);
                relay.Held.IsClaimed = true;
                if (!Has(Safeguard.DeleteAfterAck))
                    service.Outbox.RemoveAt(step.Target);
                break;
            case StepKind.Publish:
                service.Store(relay.Held!);
                relay.IsAcknowledged = true;
                break;
            case StepKind.Delete:
                service.Outbox.RemoveAll(row => row.Event == relay.Held!.Event);
                relay.Held = null;
                break;
            case StepKind.AckOfPublishLost:
                service.Store(relay.Held!);
                relay.Held = null;
                break;
            case StepKind.PublishLost or StepKind.RelayDies:
                relay.Held = null;
                break;
            case StepKind.RowLeaseEnds:
                service.Outbox[step.Target].IsClaimed = false;
                break;
            case StepKind.Redeliver:
                service.Stream[step.Target].State = Delivery.Waiting;
                break;
            case StepKind.ConsumerRecreated:
                service.Stream.ForEach(message => (message.State, message.Deliveries) = (Delivery.Waiting, 0));
                break;
            case StepKind.DuplicateWindowOver:
                service.Known.Clear();
                break;
            case StepKind.MessageLost:
                service.Known.Remove((service.Stream[step.Target].Event, service.Stream[step.Target].RepublishStamp));
                service.Stream.RemoveAt(step.Target);
                break;
            case StepKind.StoreLost:
                service.Known.Clear();
                service.Stream.Clear();
                break;
            case StepKind.PaymentRestored or StepKind.KeysForgotten or StepKind.RefundedByHand or StepKind.Redrive:
                TakeForRestore(step);
                break;
            case StepKind.RequestRefund or StepKind.RefundedAtConsole or StepKind.ChargedBack or StepKind.PartLeaseEnds:
                TakeForParts(step);
                break;
            case StepKind.Settle or StepKind.ReceiveWebhook or StepKind.ApplyWebhook or StepKind.WebhookLost or StepKind.WebhookDoubled:
                TakeForWebhook(step);
                break;
            case StepKind.Place or StepKind.Cancel or StepKind.RepublishStalled:
                TakeForOrder(step.What, step.Actor);
                break;
            case StepKind.ReceiveResult or StepKind.ApplyResult or StepKind.AcknowledgeResult or StepKind.ConsumerDies:
                TakeForResults(step);
                break;
            default:
                TakeForWorker(step);
                break;
        }
    }

    private void TakeForOrder(StepKind what, int order)
    {
        switch (what)
        {
            case StepKind.Place:
                Orders[order].State = OrderState.Pending;
                Api.Commit(new(order, 1, Kind.Created));
                break;
            case StepKind.Cancel:
                Orders[order].State = OrderState.Cancelled;
                Api.Commit(new(order, 2, Kind.Cancelled));
                break;
            default:
                Orders[order].IsRepublished = Orders[order].State == OrderState.Cancelled;
                Api.Republish(order, NextRepublishStamp());
                break;
        }
    }

    private void TakeForResults(Step step)
    {
        switch (step.What)
        {
            case StepKind.ReceiveResult:
                Receive(Results, Worker.Stream[step.Target]);
                break;
            case StepKind.ApplyResult:
                Apply(Results.Held!.Event);
                Results.Stage = ConsumerStage.Done;
                break;
            case StepKind.AcknowledgeResult:
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
        (consumer.Stage, consumer.Held, consumer.Order) = (ConsumerStage.Received, message, message.Event.Order);
        consumer.IsDoubtful = message.Deliveries++ > 0 || message.RepublishStamp > 0;
        message.State = Has(Safeguard.AckAfterCommit) ? Delivery.Delivered : Delivery.Acknowledged;
    }

    /// <summary>The inbox row and the status, in one transaction.</summary>
    private void Apply(Event stored)
    {
        if (stored.Kind == Kind.Refunded || (!Api.Inbox.Add(stored) && Has(Safeguard.Inbox)))
            return;
        Effects[stored] = Effects.GetValueOrDefault(stored) + 1;
        if (stored.Kind is Kind.PartRefunded or Kind.PartFailed)
        {
            Told[stored.Refund] = stored.Kind;
            return;
        }

        if (Orders[stored.Order].State == OrderState.Pending || !Has(Safeguard.FinalStatus))
            Orders[stored.Order].State = stored.Kind == Kind.Succeeded ? OrderState.Paid : OrderState.Failed;
    }

    private int NextRepublishStamp() => Has(Safeguard.NewMessageId) ? ++republishStamps : 0;
}
