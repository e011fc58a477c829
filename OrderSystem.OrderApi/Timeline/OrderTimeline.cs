using System.ComponentModel;
using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.DeadLetters;
using OrderSystem.OrderApi.Orders;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi.Timeline;

/// <summary>The history of an order, merged from both services and the dead letters.</summary>
internal sealed record Timeline(
    Guid OrderId,
    string Status,
    [property: Description("Sorted by time.")] IReadOnlyList<TimelineStep> Steps,
    [property: Description("Sources that were not available; empty when the timeline is complete.")] IReadOnlyList<string> Missing);

/// <summary>One step of it.</summary>
internal sealed record TimelineStep(DateTimeOffset At, string Service, string What, string? TraceId, string? Detail = null)
{
    public Guid? EventId { get; init; }

    [Description("Stream sequence of the event, once its consumer has processed it.")]
    public long? StreamSequence { get; init; }

    [Description("Number of the delivery that was processed.")]
    public int? Delivery { get; init; }

    public int? Attempts { get; init; }

    public string? ProviderReference { get; init; }

    public ulong? DeadLetter { get; init; }
}

/// <summary><c>GET /orders/{id}/timeline</c>.</summary>
internal static class OrderTimeline
{
    private const string OrderApi = "order-api";
    private const string Worker = "payment-worker";

    internal static void MapOrderTimeline(this IEndpointRouteBuilder orders) => orders.MapGet("/orders/{id:guid}/timeline", HandleAsync)
        .WithTags("Orders")
        .RequireAuthorization(Scopes.Read)
        .WithName("GetOrderTimeline")
        .WithSummary("The history of an order, step by step, with times and traces.")
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<Timeline>, ProblemHttpResult>> HandleAsync(
        Guid id, ClaimsPrincipal caller, TimelineReader reader, WorkerHistory worker,
        DeadLetterActions actions, CancellationToken cancellationToken)
    {
        if (await reader.OrderAsync(id, caller.OwnerFilter(), cancellationToken) is not { } order)
            return TypedResults.Problem($"There is no order {id}.", statusCode: StatusCodes.Status404NotFound);

        var asked = worker.AskAsync(id, order.Events.Select(recorded => recorded.EventId), cancellationToken);
        var (letters, noLetters) = await reader.DeadLettersAsync(id, cancellationToken);
        var handled = await actions.OfOrderAsync(id, cancellationToken);
        var (history, noHistory) = await asked;
        var received = history is null
            ? []
            : await reader.ReceivedAsync(history.Events.Select(recorded => recorded.EventId), cancellationToken);

        List<TimelineStep> steps =
        [
            new(
                order.CreatedAt, OrderApi, "order placed", Trace(order),
                string.Create(CultureInfo.InvariantCulture, $"{order.Total} {order.Currency}")),
            .. OfEvents(OrderApi, order.Events, Worker, history?.Received ?? []),
            .. history is null ? [] : OfEvents(Worker, history.Events, OrderApi, received),
            .. OfPayment(history?.Payment, Trace(order)),
            .. order.Redriven.Select(again => OfRedrive(OrderApi, again)),
            .. (history?.Redriven ?? []).Select(again => OfRedrive(Worker, again)),
            .. (history?.Actions ?? []).Select(OfPaymentAction),
            .. letters.Select(OfDeadLetter),
            .. handled.SelectMany(action => OfAction(action, Trace(order))),

            // Has the timestamp of the inbox row: it sorts after the event that caused it.
            .. order.UpdatedAt > order.CreatedAt
                ? [new(order.UpdatedAt, OrderApi, $"order is {order.Status}", Trace(order), order.Reason)]
                : Array.Empty<TimelineStep>(),
            .. order.Refund is { } refund
                ? [new(refund.Since, OrderApi, $"refund is {refund.State.ToName()}", Trace(order))]
                : Array.Empty<TimelineStep>(),
            .. order.Refunds.SelectMany(refund => OfRefund(refund, order)),
        ];
        return TypedResults.Ok(
            new Timeline(id, order.Status, [.. steps.OrderBy(step => step.At)], [.. new[] { noHistory, noLetters }.OfType<string>()]));
    }

    private static IEnumerable<TimelineStep> OfEvents(
        string source, IReadOnlyList<TimelineEvent> events, string receiver, IReadOnlyList<ProcessedEvent> received)
    {
        foreach (var recorded in events)
        {
            var effect = received.FirstOrDefault(candidate => candidate.EventId == recorded.EventId);
            yield return new(
                recorded.OccurredAt, source, $"{recorded.Type} committed", recorded.TraceId,
                recorded.Waiting ? "waits in the outbox" : null)
            {
                EventId = recorded.EventId,
                StreamSequence = effect?.StreamSequence,
            };
            if (effect is not null)
            {
                yield return new(effect.At, receiver, $"{recorded.Type} took effect", recorded.TraceId)
                {
                    EventId = recorded.EventId,
                    StreamSequence = effect.StreamSequence,
                    Delivery = effect.Delivery,
                };
            }
        }
    }

    private static IEnumerable<TimelineStep> OfPayment(PaymentState? payment, string? trace)
    {
        if (payment is null)
            yield break;
        yield return new(payment.CreatedAt, Worker, "payment began", trace);
        foreach (var call in payment.Calls ?? [])
        {
            yield return new(
                call.At, Worker, $"provider called: {call.Kind}", call.TraceId,
                string.Create(CultureInfo.InvariantCulture, $"{call.Outcome} after {call.Milliseconds} ms"))
            {
                ProviderReference = call.Reference,
            };
        }

        yield return new(payment.UpdatedAt, Worker, $"payment {payment.Status}", trace, payment.Reason)
        {
            Attempts = payment.Attempts,
            ProviderReference = payment.RefundReference ?? payment.ProviderReference,
        };
    }

    private static IEnumerable<TimelineStep> OfRefund(RecordedRefund recorded, OrderHistory order)
    {
        var refund = recorded.Refund;
        var amount = string.Create(CultureInfo.InvariantCulture, $"{refund.Amount} {order.Currency}");
        if (refund.Source == RefundSource.Request)
            yield return new(refund.CreatedAt, OrderApi, "refund requested", Trace(order), Detail(refund.Reason));
        if (refund.Status != RefundStatus.Pending)
        {
            yield return new(
                refund.UpdatedAt, OrderApi, $"refund {refund.Status.ToName()} ({refund.Source.ToName()})", Trace(order),
                Detail(refund.Failure ?? (refund.Source == RefundSource.Request ? null : refund.Reason)))
            {
                ProviderReference = recorded.ProviderReference,
            };
        }

        string Detail(string? text) => text is null ? amount : $"{amount}: {text}";
    }

    private static TimelineStep OfRedrive(string service, Redriven again) =>
        new(again.At, service, $"{again.Type} re-driven by {again.By}", again.TraceId, again.Asked) { EventId = again.EventId };

    private static TimelineStep OfPaymentAction(OperatorAction action) =>
        new(action.At, Worker, $"payment {action.Action} by {action.By}", action.TraceId, action.Detail);

    private static TimelineStep OfDeadLetter(DeadLetter letter) =>
        new(letter.At, letter.Consumer, $"{letter.Type ?? "message"} became a dead letter", letter.TraceId, letter.Reason)
        {
            EventId = letter.EventId,
            DeadLetter = letter.Sequence,
        };

    /// <summary>A replayed or discarded dead letter is no longer on its stream: the record tells when and why it was there.</summary>
    private static IEnumerable<TimelineStep> OfAction(DeadLetterAction action, string? trace) =>
    [
        new(action.DeadSince, action.Consumer, "message became a dead letter", trace, action.Reason) { DeadLetter = action.Sequence },
        new(action.At, OrderApi, $"dead letter {action.Action} by {action.By}", action.TraceId, action.Result)
        {
            DeadLetter = action.Sequence,
        },
    ];

    private static string? Trace(OrderHistory order) => order.Events.Count > 0 ? order.Events[0].TraceId : null;
}
