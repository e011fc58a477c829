using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Inside of the pipeline, so that it sees every attempt: notes what became of each in the list that the request carries.</summary>
internal sealed class ProviderCallRecorder(TimeProvider time) : DelegatingHandler
{
    internal static readonly HttpRequestOptionsKey<List<ProviderCall>> Calls = new("provider-calls");
    internal static readonly HttpRequestOptionsKey<string> Kind = new("provider-call-kind");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (at, started) = (time.GetUtcNow(), time.GetTimestamp());
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            Note(request, at, started, ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture));
            return response;
        }
        catch (Exception failure)
        {
            Note(request, at, started, failure is OperationCanceledException ? "no answer in time" : failure.Message);
            throw;
        }
    }

    private void Note(HttpRequestMessage request, DateTimeOffset at, long started, string outcome)
    {
        if (request.Options.TryGetValue(Calls, out var calls) && request.Options.TryGetValue(Kind, out var kind))
            calls.Add(new(at, kind, outcome, (int)time.GetElapsedTime(started).TotalMilliseconds, Reference: null, Activity.Current?.TraceId.ToHexString()));
    }
}
