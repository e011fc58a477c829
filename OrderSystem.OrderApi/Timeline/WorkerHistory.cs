using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Worker;

namespace OrderSystem.OrderApi.Timeline;

/// <summary>Reads the payment worker's part of a timeline. Without a response the timeline is incomplete and says why.</summary>
internal sealed class WorkerHistory(HttpClient http, IOptions<WorkerOptions> options)
{
    /// <summary>Short, because an operator waits for the timeline.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    internal async Task<(PaymentHistory? History, string? Why)> AskAsync(
        Guid orderId, IEnumerable<Guid> received, CancellationToken cancellationToken)
    {
        if (options.Value.WorkerUrl is not { } worker)
            return (null, "The payment worker was not asked: Audit__WorkerUrl is not set; set it to the address of a payment worker.");
        try
        {
            var address = new Uri(worker, $"ops/payments/{orderId}?received={string.Join(',', received)}");
            return await http.GetFromJsonAsync(address, HistoryJson.Default.PaymentHistory, cancellationToken) is { } history
                ? (history, null)
                : (null, "The payment worker sent an empty response.");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException)
        {
            return (null, $"The payment worker could not be asked: {failure.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"The payment worker did not respond within {Timeout.TotalSeconds:0} s.");
        }
    }
}

internal sealed record PaymentHistory(
    PaymentState? Payment, IReadOnlyList<TimelineEvent> Events, IReadOnlyList<ProcessedEvent> Received, IReadOnlyList<Redriven>? Redriven,
    IReadOnlyList<OperatorAction>? Actions);

/// <summary>An operator action on the payment.</summary>
internal sealed record OperatorAction(string Action, string By, DateTimeOffset At, string Detail, string? TraceId);

internal sealed record PaymentState(
    Guid Id, string Status, int Attempts, decimal? Amount, string? Currency,
    string? ProviderReference, string? RefundReference, string? Reason,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, IReadOnlyList<ProviderCall>? Calls);

/// <summary>One call to the payment provider.</summary>
internal sealed record ProviderCall(DateTimeOffset At, string Kind, string Outcome, int Milliseconds, string? Reference, string? TraceId);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PaymentHistory))]
internal sealed partial class HistoryJson : JsonSerializerContext;
