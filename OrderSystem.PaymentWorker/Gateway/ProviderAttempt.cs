using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// One attempt, inside of the pipeline: with our credentials, and not over before its body is there, so that a silent body is a silent
/// provider. Notes what became of it in the <see cref="ProviderRequest"/>.
/// </summary>
internal sealed class ProviderAttempt(ProviderCredentials credentials, ProviderHealth provider, GatewayMetrics metrics, TimeProvider time) : DelegatingHandler
{
    /// <summary>An answer of the contract has a few hundred bytes.</summary>
    private const int LargestBody = 64 * 1024;

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = ProviderRequest.Of(request) ?? throw new InvalidOperationException("The request is not one of the provider's client.");
        var (at, started) = (time.GetUtcNow(), time.GetTimestamp());
        credentials.AddTo(request);
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(LargestBody, cancellationToken);
            var answer = new ProviderAnswer(response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsByteArrayAsync(cancellationToken));
            Note(asked, at, started, ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture), answer.For(asked.Kind) with { RetryAfter = RetryAfter(response) });
            return response;
        }
        catch (Exception failure)
        {
            response?.Dispose();
            var normal = ProviderError.Normalise(failure, cancellationToken);
            var outcome = ProviderError.Classify(normal);
            Note(asked, at, started, outcome.Failure == ProviderFailure.Timeout ? "timeout" : "error", outcome);
            if (ReferenceEquals(normal, failure))
                throw;
            throw normal;
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => (response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - time.GetUtcNow()) is { } wait
        ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, LongestRetryAfter.Ticks)) : null;

    private void Note(ProviderRequest asked, DateTimeOffset at, long started, string result, ChargeOutcome outcome)
    {
        var duration = time.GetElapsedTime(started);
        var told = result is "timeout" or "error" ? outcome.Reason! : result;
        asked.Note(new(at, asked.Kind, told, (int)duration.TotalMilliseconds, outcome.Reference, Activity.Current?.TraceId.ToHexString()), outcome);
        provider.Answered(outcome.Failure);
        if (outcome.Failure == ProviderFailure.Credentials)
            credentials.ReadAgain();
        metrics.Attempted(asked.Kind, result, duration);
        if (Activity.Current is { IsAllDataRequested: true } activity)
            activity.AddEvent(new("payment.attempt", tags: new() { { "kind", asked.Kind }, { "result", result }, { "duration", duration.TotalSeconds } }));
    }
}
