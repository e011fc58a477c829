using System.Diagnostics;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// Sends a provider's requests through the resilience pipeline. The outcome comes from the attempts, which <see cref="ProviderAttempt"/>
/// records and the provider's table classifies; it does not matter what the provider's own client makes of the response.
/// </summary>
internal sealed class ProviderPipeline(IHttpMessageHandlerFactory handlers, IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Name of the HTTP client.</summary>
    internal const string Name = "payment-gateway";

    /// <summary>The header of every charge and refund.</summary>
    internal const string KeyHeader = "Idempotency-Key";

    /// <param name="kind">One of the kinds of <see cref="ProviderCall"/>.</param>
    /// <param name="classify">The provider's table: what a response to such a call means.</param>
    /// <param name="send">Sends one request, with the client that it is given.</param>
    internal async Task<ChargeOutcome> SendAsync(
        string kind, Func<string, ProviderResponse, ChargeOutcome> classify, Func<HttpClient, Task> send)
    {
        var request = new ProviderRequest(kind, classify, time.GetTimestamp());
        try
        {
            using var http = new HttpClient(new Attachment(request, handlers.CreateHandler(Name)))
            {
                BaseAddress = options.Value.GatewayUrl,
                Timeout = Timeout.InfiniteTimeSpan,
            };
            await send(http);
            return request.Outcome()!.Value;
        }
        catch (BrokenCircuitException refused)
        {
            Activity.Current?.AddEvent(new("payment.breaker_refused"));

            // Nothing was sent for this request, unless in an earlier attempt. Earlier requests for the payment are recorded with the
            // payment.
            return request.Outcome() ?? ChargeOutcome.Unavailable(ProviderFailure.Circuit, refused.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or ExecutionRejectedException)
        {
            return request.Outcome() ?? ChargeOutcome.Unknown(ProviderFailure.Timeout, failure.Message);
        }
        catch (Exception failure) when (request.IsAnswered && failure is not OperationCanceledException)
        {
            // The provider's client reports errors, and what it cannot read, as exceptions of its own. The table has classified both.
            return request.Outcome()!.Value;
        }
    }

    /// <summary>Attaches the request to its message, also where the provider's client builds the message.</summary>
    private sealed class Attachment(ProviderRequest request, HttpMessageHandler pipeline) : DelegatingHandler(pipeline)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancellationToken)
        {
            message.Options.Set(ProviderRequest.Key, request);
            return base.SendAsync(message, cancellationToken);
        }
    }
}
