using System.Diagnostics;
using System.Globalization;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Inside of the pipeline, so that it sees every attempt: notes what became of each in the list that the request carries.</summary>
internal sealed class ProviderCallRecorder(PaymentMetrics metrics, TimeProvider time) : DelegatingHandler
{
    internal static readonly HttpRequestOptionsKey<List<ProviderCall>> Calls = new("provider-calls");
    internal static readonly HttpRequestOptionsKey<string> Kind = new("provider-call-kind");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (at, started) = (time.GetUtcNow(), time.GetTimestamp());
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            Note(request, at, started, status, status);
            return response;
        }
        catch (Exception failure)
        {
            var (outcome, result) = failure is OperationCanceledException ? ("no answer in time", "timeout") : (failure.Message, "error");
            Note(request, at, started, outcome, result);
            throw;
        }
    }

    private void Note(HttpRequestMessage request, DateTimeOffset at, long started, string outcome, string result)
    {
        if (!request.Options.TryGetValue(Calls, out var calls) || !request.Options.TryGetValue(Kind, out var kind))
            return;
        var duration = time.GetElapsedTime(started);
        calls.Add(new(at, kind, outcome, (int)duration.TotalMilliseconds, Reference: null, Activity.Current?.TraceId.ToHexString()));
        metrics.Attempted(kind, result, duration);
        if (Activity.Current is { IsAllDataRequested: true } activity)
            activity.AddEvent(new("payment.attempt", tags: new() { { "kind", kind }, { "result", result }, { "duration", duration.TotalSeconds } }));
    }
}
