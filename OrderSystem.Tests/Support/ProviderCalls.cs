using System.Net.Http.Json;

namespace OrderSystem.Tests.Support;

/// <summary>Calls to the simulated provider that the system did not make.</summary>
internal static class ProviderCalls
{
    /// <summary>Charges an order under a key of its own: a look-up finds the charge, as one whose answer was lost.</summary>
    /// <param name="provider">The simulator.</param>
    /// <param name="order">The order.</param>
    /// <param name="amount">In EUR.</param>
    /// <param name="trace">The trace of the order, of which the call is then a part.</param>
    internal static async Task ChargeAsync(this HttpClient provider, Guid order, decimal amount, string? trace = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/charges")
        {
            Headers = { { "Idempotency-Key", $"lost-{order}" } },
            Content = JsonContent.Create(new { orderId = order, amount, currency = "EUR" }),
        };
        if (trace is not null)
            request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        (await provider.SendAsync(request)).EnsureSuccessStatusCode().Dispose();
    }
}
