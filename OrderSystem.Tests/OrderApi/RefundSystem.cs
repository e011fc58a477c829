using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>
/// A system without a worker: the tests publish the events that it would. An order is paid by its row alone, so that no provider is needed.
/// </summary>
public sealed class RefundSystem : IAsyncLifetime
{
    private NatsConnection nats = null!;

    internal RunningSystem System { get; private set; } = null!;

    internal Client Client { get; private set; } = null!;

    /// <summary>Starts it.</summary>
    public async ValueTask InitializeAsync()
    {
        System = await RunningSystem.StartAsync();
        await System.Worker.StopAsync();
        Client = new(System.OrderApi.Address);
        nats = new(new NatsOpts { Url = System.Nats.Url });
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await nats.DisposeAsync();
        await System.DisposeAsync();
    }

    /// <summary>Places an order of twice the price and makes it paid.</summary>
    internal async Task<Guid> PaidAsync(decimal price = 5m, string currency = "EUR")
    {
        var order = await Client.PlaceAsync(price, currency);
        await SetStatusAsync(order, "paid");
        return order;
    }

    internal Task SetStatusAsync(Guid order, string status) =>
        Sql.ExecuteAsync(System.OrdersDatabase, $"UPDATE orders SET status = '{status}', updated_at = now() WHERE id = '{order}'");

    internal Task<HttpResponseMessage> RefundAsync(
        Guid order, decimal amount, string? reason = null, string? key = null, HttpClient? http = null)
    {
        var text = amount.ToString(CultureInfo.InvariantCulture);
        return SendAsync(
            order, reason is null ? $$"""{"amount":{{text}}}""" : $$"""{"amount":{{text}},"reason":"{{reason}}"}""",
            key ?? Guid.NewGuid().ToString(), http);
    }

    /// <summary>Requests a refund with this body; without a key when that is empty.</summary>
    internal Task<HttpResponseMessage> SendAsync(Guid order, string body, string key, HttpClient? http = null) =>
        PostAsync($"/orders/{order}/refunds", body, key, http);

    /// <summary>Places the same order each time.</summary>
    internal Task<HttpResponseMessage> PlaceAsync(string key) => PostAsync(
        "/orders", """{"customerId":"c-1","currency":"EUR","items":[{"sku":"SKU-1","quantity":1,"unitPrice":1}]}""", key, Client.Http);

    /// <summary>Requests a refund that must be accepted, and returns its id.</summary>
    internal async Task<Guid> AcceptedAsync(Guid order, decimal amount)
    {
        using var answer = await RefundAsync(order, amount);
        Assert.Equal(global::System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    /// <summary>The stream of the events about orders.</summary>
    internal ValueTask<INatsJSStream> OrdersStreamAsync() => new NatsJSContext(nats).GetStreamAsync("ORDERS");

    /// <summary>Publishes an event as the worker does.</summary>
    internal async Task PublishAsync<TEvent>(TEvent body)
        where TEvent : IOrderEvent
    {
        var stored = StoredEvent.Create(body, version: 2, TimeProvider.System.GetUtcNow());
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = stored.EventId.ToString(),
            ["ce-source"] = "/payment-worker",
            ["ce-type"] = stored.Type.Name,
            ["ce-subject"] = stored.OrderId.ToString(),
            ["ce-time"] = stored.OccurredAt.ToString("O", CultureInfo.InvariantCulture),
            ["ce-orderversion"] = "2",
            ["content-type"] = "application/json",
        };
        var ack = await new NatsJSContext(nats).PublishAsync(
            stored.Type.Subject, stored.Payload, NatsRawSerializer<byte[]>.Default, headers: headers);
        ack.EnsureSuccess();
    }

    internal Task SucceededAsync(Guid order, Guid refund, decimal amount, RefundSource source = RefundSource.Request) =>
        PublishAsync(new ChargeRefunded(order, Guid.NewGuid(), refund, amount, amount, "EUR", "re_1", source));

    internal Task FailedAsync(Guid order, Guid refund, decimal amount) =>
        PublishAsync(new RefundFailed(order, Guid.NewGuid(), refund, amount, "EUR", "charge_disputed"));

    internal Task<JsonElement> WaitAsync(Guid order, string what, Func<JsonElement, bool> isExpected) =>
        Eventually.GetAsync($"order {order} {what}", () => Client.GetAsync(order), isExpected);

    private async Task<HttpResponseMessage> PostAsync(string path, string body, string key, HttpClient? http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, new global::System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
        };
        if (key.Length > 0)
            request.Headers.Add("Idempotency-Key", key);
        return await (http ?? Client.Http).SendAsync(request);
    }
}
