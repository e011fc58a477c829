using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.ServiceDefaults.Telemetry;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>One trace for each order, with the spans that the messaging conventions of OpenTelemetry require.</summary>
public sealed class TraceTests : IAsyncLifetime
{
    private OtlpCollector collector = null!;
    private RunningSystem system = null!;
    private Client client = null!;
    private HttpClient gateway = null!;

    public async ValueTask InitializeAsync()
    {
        collector = await OtlpCollector.StartAsync();
        system = await RunningSystem.StartAsync(collector.Settings);
        client = new Client(system.OrderApi.Address);
        gateway = new HttpClient { BaseAddress = system.Gateway.Address };
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        gateway.Dispose();
        await system.DisposeAsync();
        await collector.DisposeAsync();
    }

    [Fact]
    public async Task A_paid_order_has_exactly_the_expected_spans()
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid");
        var trace = await collector.TraceAsync("all fifteen spans have arrived", order, spans => spans.Length >= 15);

        var post = Find("POST /orders", OtlpSpan.Server, "order-api", parent: null);
        Assert.Equal(
            ("POST", "/orders", "201"),
            (post.Attribute("http.request.method"), post.Attribute("http.route"), post.Attribute("http.response.status_code")));
        Find("commit insert-order", OtlpSpan.Internal, "order-api", post);
        Send("orders.created", "order-api", post);
        var charge = Process("orders.created", "payment-worker", "ORDER_PROCESSOR", post);
        Find("commit begin-charge", OtlpSpan.Internal, "payment-worker", charge);
        var call = Find("POST", OtlpSpan.Client, "payment-worker", charge);
        Find("POST /charges", OtlpSpan.Server, "payment-gateway", call);
        Find("commit record-outcome", OtlpSpan.Internal, "payment-worker", charge);
        Send("payments.succeeded", "payment-worker", charge);
        Find(
            "commit apply-payment-result", OtlpSpan.Internal, "order-api",
            Process("payments.succeeded", "order-api", "PAYMENT_RESULTS", charge));
        Assert.Equal(15, trace.Length);

        OtlpSpan Find(string name, int kind, string service, OtlpSpan? parent)
        {
            var span = Assert.Single(trace, span => span.Name == name && span.Kind == kind && span.Service == service);
            Assert.Equal(parent?.SpanId, span.ParentId);
            Assert.False(span.IsError);
            return span;
        }

        OtlpSpan Message(string operation, string type, string subject, int kind, string service, OtlpSpan parent)
        {
            var span = Find($"{operation} {subject}", kind, service, parent);
            Assert.Equal(
                ("nats", operation, type, subject, order.ToString()),
                (span.Attribute("messaging.system"), span.Attribute("messaging.operation.name"), span.Attribute("messaging.operation.type"),
                    span.Attribute("messaging.destination.name"), span.Attribute("order.id")));
            Assert.True(Guid.TryParse(span.Attribute("messaging.message.id"), out _));
            return span;
        }

        void Send(string subject, string service, OtlpSpan parent) =>
            Assert.True(int.Parse(
                Message("send", "send", subject, OtlpSpan.Producer, service, parent).Attribute("messaging.message.body.size")!, null) > 0);

        OtlpSpan Process(string subject, string service, string consumer, OtlpSpan parent)
        {
            var receive = Message("receive", "receive", subject, OtlpSpan.Client, service, parent);
            var process = Message("process", "process", subject, OtlpSpan.Consumer, service, parent);
            Assert.Equal([receive.SpanId], process.Links);
            Assert.Equal(
                (consumer, "1"),
                (process.Attribute("messaging.consumer.group.name"), process.Attribute("messaging.nats.delivery")));
            Message("ack", "settle", subject, OtlpSpan.Client, service, process);
            return process;
        }
    }

    [Fact]
    public async Task A_redelivered_order_is_one_trace_with_its_attempts_and_the_delay()
    {
        await SetFaultsAsync(new { errorRate = 1.0 });
        var order = await client.PlaceAsync();
        await collector.TraceAsync("the message is nak'ed", order, spans => spans.Any(span => span.Name == "nak orders.created"));
        await HealAsync();
        await client.WaitForAsync(order, "paid");
        var trace = await collector.TraceAsync(
            "the result is processed", order,
            spans => spans.Any(span => span.Name == "process payments.succeeded"));

        var deliveries = trace.Where(span => span.Name == "process orders.created").OrderBy(span => span.Start).ToArray();
        Assert.True(deliveries.Length > 1);
        Assert.Equal("2", deliveries[1].Attribute("messaging.nats.delivery"));
        var delayed = Assert.Single(deliveries[0].Events, occurred => occurred.Name == "message.delayed");
        Assert.True(double.Parse(delayed.Attributes["delay"], System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.True(deliveries[0].IsError);
        Assert.Contains(deliveries[0].Events, occurred => occurred.Name == "payment.attempt" && occurred.Attributes["result"] == "500");
        Assert.Contains(deliveries[^1].Events, occurred => occurred.Name == "payment.attempt" && occurred.Attributes["result"] == "200");
    }

    /// <summary>As under high load: the caller's context carries the decision of head sampling.</summary>
    [Fact]
    public async Task Of_a_trace_that_is_not_sampled_only_failures_and_retries_are_exported()
    {
        var (cold, quiet, failing) = (NewTraceId(), NewTraceId(), NewTraceId());
        await client.WaitForAsync(await PlaceAsync(cold), "paid");
        await client.WaitForAsync(await PlaceAsync(quiet), "paid");
        await SetFaultsAsync(new { errorRate = 1.0 });
        var order = await PlaceAsync(failing);
        var failed = await Eventually.GetAsync(
            "the failed delivery is exported",
            () => Task.FromResult(SpansOf(failing).FirstOrDefault(span => span.Name == "process orders.created" && span.IsError)),
            span => span is not null);
        await Eventually.BeTrueAsync(
            "the failed request is exported",
            () => Task.FromResult(SpansOf(failing).Any(
                span => span is { Name: "POST /charges", IsError: true } && span.Attribute("http.response.status_code") == "500")));
        await HealAsync();
        await client.WaitForAsync(order, "paid");
        await Eventually.BeTrueAsync(
            "the retry is exported with its provider call",
            () => Task.FromResult(SpansOf(failing).Any(span => span.Name == "POST /charges" && !span.IsError)));

        Assert.Contains(failed!.Events, occurred => occurred.Name == "payment.attempt" && occurred.Attributes["result"] == "500");
        Assert.Equal(order.ToString(), failed.Attribute("order.id"));
        Assert.DoesNotContain(SpansOf(failing), span => span.Name == "POST /orders");

        // What took longer than a second is kept too, which a starved machine does to an order at times.
        var kept = SpansOf(quiet);
        Assert.True(
            kept.Length == 0 || kept.Any(span => span.End - span.Start > KeptSpans.Slow.TotalNanoseconds), string.Join("; ", kept));

        async Task<Guid> PlaceAsync(string trace)
        {
            var items = new[] { new { sku = "SKU-1", quantity = 1, unitPrice = 9.99m } };
            using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
            {
                Headers = { { "traceparent", $"00-{trace}-00f067aa0ba902b7-00" } },
                Content = JsonContent.Create(new { customerId = "c-17", currency = "EUR", items }),
            };
            using var response = await client.Http.SendAsync(request);
            return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        }

        OtlpSpan[] SpansOf(string trace) => [.. collector.Spans.Where(span => span.TraceId == trace)];
    }

    [Fact]
    public async Task An_order_that_is_cancelled_during_its_charge_is_one_trace_up_to_the_refund()
    {
        // The outcome stays unknown until the fault is removed; then a look-up finds the charge.
        await SetFaultsAsync(new { errorRate = 1.0 });
        var order = await client.PlaceAsync();
        await collector.TraceAsync("the order event is published", order, spans => spans.Any(span => span.Name == "send orders.created"));
        await Eventually.BeTrueAsync("the order is being charged", async () =>
            await Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE order_id = '{order}'") == 1);
        using (var cancel = await client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), content: null))
            cancel.EnsureSuccessStatusCode();
        await HealAsync();
        await gateway.ChargeAsync(order, 39.98m);

        string[] expected =
        [
            "send orders.cancelled", "process orders.cancelled", "POST /charges", "refund payment", "POST /refunds",
            "send payments.refunded", "process payments.refunded",
        ];
        var trace = await collector.TraceAsync(
            $"the trace has {string.Join(", ", expected)}", order,
            spans => !expected.Except(spans.Select(span => span.Name)).Any());
        var request = await Eventually.GetAsync(
            "the cancel request is traced",
            () => Task.FromResult(collector.Spans.FirstOrDefault(span => span.Name == "POST /orders/{id:guid}/cancel")),
            span => span is not null);
        Assert.Contains(trace.Single(span => span.Name == "POST /orders").SpanId, request!.Links);
    }

    /// <param name="flags">Sampled, and not sampled: a dead letter is exported in any case.</param>
    [Theory]
    [InlineData("01")]
    [InlineData("00")]
    public async Task A_poison_message_is_dead_lettered_and_replayed_in_its_own_trace(string flags)
    {
        var parent = $"00-{Guid.NewGuid():N}-00f067aa0ba902b7-{flags}";
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0", ["ce-id"] = Guid.NewGuid().ToString(), ["ce-source"] = "/order-api",
            ["ce-type"] = "orders.created.v1", ["ce-subject"] = Guid.NewGuid().ToString(), ["ce-time"] = "2026-01-01T00:00:00Z",
            ["ce-orderversion"] = "1", ["content-type"] = "application/json", ["traceparent"] = parent,
        };
        await new NatsJSContext(nats).PublishAsync("orders.created", "{"u8.ToArray(), headers: headers);

        var process = await FindAsync("process orders.created", count: 1);
        Assert.Contains(
            process[0].Events,
            occurred => occurred.Name == "message.dead_lettered" && occurred.Attributes["reason"].Length > 0);
        using (var replay = new HttpRequestMessage(HttpMethod.Post, "/ops/dead-letters/1/replay") { Headers = { { "X-Operator", "ada" } } })
        using (await client.Http.SendAsync(replay))
            await FindAsync("term orders.created", count: 2);

        Task<OtlpSpan[]> FindAsync(string name, int count) => Eventually.GetAsync(
            $"{count} × {name}",
            () => Task.FromResult(collector.Spans.Where(span => span.Name == name && span.TraceId == parent[3..35]).ToArray()),
            spans => spans.Length == count);
    }

    private static string NewTraceId() => Guid.NewGuid().ToString("N");

    private async Task SetFaultsAsync<T>(T faults) => (await gateway.PutAsJsonAsync("/faults", faults)).EnsureSuccessStatusCode().Dispose();

    private async Task HealAsync() => (await gateway.DeleteAsync(new Uri("/faults", UriKind.Relative))).EnsureSuccessStatusCode().Dispose();
}
