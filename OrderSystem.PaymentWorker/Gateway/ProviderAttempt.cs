using System.Diagnostics;
using System.Globalization;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// One attempt, innermost in the pipeline: adds our credentials and reads the whole body, so that a stalled body counts as a timeout.
/// Records the outcome in the <see cref="ProviderRequest"/>.
/// </summary>
internal sealed class ProviderAttempt(
    ProviderCredentials credentials, ProviderHealth provider, GatewayMetrics metrics, TimeProvider time) : DelegatingHandler
{
    /// <summary>A response of the contract has a few hundred bytes.</summary>
    private const int MaxBodyBytes = 64 * 1024;

    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromHours(1);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var call = ProviderRequest.Of(request) ?? throw new InvalidOperationException("Only requests of ProviderPipeline can be sent.");
        var (at, started) = (time.GetUtcNow(), time.GetTimestamp());
        credentials.AddTo(request);
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(MaxBodyBytes, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var outcome = call.Read(new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, body));
            var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            Record(call, at, started, status, outcome with { RetryAfter = RetryAfter(response) }, isAnswered: true);
            return response;
        }
        catch (Exception failure)
        {
            response?.Dispose();
            var normal = ProviderError.Normalise(failure, cancellationToken);
            var outcome = ProviderError.Classify(normal);
            Record(call, at, started, outcome.Failure == ProviderFailure.Timeout ? "timeout" : "error", outcome, isAnswered: false);
            if (ReferenceEquals(normal, failure))
                throw;
            throw normal;
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        (response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - time.GetUtcNow()) is { } wait
            ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, MaxRetryAfter.Ticks))
            : null;

    private void Record(
        ProviderRequest call, DateTimeOffset at, long started, string result, ChargeOutcome outcome, bool isAnswered)
    {
        var duration = time.GetElapsedTime(started);
        var text = isAnswered ? result : outcome.Reason!;
        var traceId = Activity.Current?.TraceId.ToHexString();
        call.Note(new(at, call.Kind, text, (int)duration.TotalMilliseconds, outcome.Reference, traceId), outcome, isAnswered);
        provider.Answered(outcome.Failure);
        if (outcome.Failure == ProviderFailure.Credentials)
            credentials.ReadAgain();
        metrics.Attempted(call.Kind, result, duration);
        if (outcome.Failure != ProviderFailure.None)
            Activity.Current?.Keep();
        if (Activity.Current is { IsAllDataRequested: true } activity)
        {
            activity.AddEvent(new("payment.attempt", tags: new()
            {
                { "kind", call.Kind }, { "result", result }, { "duration", duration.TotalSeconds },
            }));
        }
    }
}
