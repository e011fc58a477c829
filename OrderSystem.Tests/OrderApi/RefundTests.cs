using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using NATS.Client.JetStream.Models;
using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.OrderApi;

/// <summary>Refunds of paid orders over HTTP, and the outcomes that the worker reports.</summary>
public sealed class RefundTests(RefundSystem refunds) : IClassFixture<RefundSystem>
{
    [Fact]
    public async Task A_refund_is_accepted_and_shown_in_its_order()
    {
        var order = await refunds.PaidAsync();

        using var answer = await refunds.RefundAsync(order, 3.5m, "damaged");
        var refund = await ReadAsync(answer);

        Assert.Equal((HttpStatusCode.Accepted, $"/orders/{order}"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        Assert.Equal(
            ("3.50", "pending", "request", "damaged"),
            (refund.GetProperty("amount").GetRawText(), Text(refund, "status"), Text(refund, "source"), Text(refund, "reason")));
        Assert.False(refund.TryGetProperty("failure", out _));
        var read = await refunds.Client.GetAsync(order);
        Assert.Equal(("paid", "0.00"), (Text(read, "status"), read.GetProperty("refundedTotal").GetRawText()));
        Assert.Equal(refund.GetRawText(), Assert.Single(read.GetProperty("refunds").EnumerateArray()).GetRawText());

        var stored = await Sql.RowAsync(
            refunds.System.OrdersDatabase,
            $"""
            SELECT e.version, e.body ->> 'refundId', e.body ->> 'amount', e.body ->> 'currency', e.body ->> 'reason',
                e.traceparent = c.traceparent
            FROM readable_events e JOIN readable_events c ON c.order_id = e.order_id AND c.version = 1
            WHERE e.order_id = '{order}' AND e.type = 'orders.refund_requested.v1'
            """);
        Assert.Equal([2, Text(refund, "id"), "3.50", "EUR", "damaged", true], stored);
    }

    [Theory]
    [InlineData("amount", """{"amount":0}""")]
    [InlineData("amount", """{"amount":-1}""")]
    [InlineData("amount", """{"amount":1.001}""")]
    [InlineData("amount", """{"amount":"1"}""")]
    [InlineData("amount", """{"amount":0.00000000000000000000000000001}""")]
    [InlineData("$", """{"reason":"none"}""")]
    [InlineData("$", "")]
    [InlineData("reason", """{"amount":1,"reason":""}""")]
    [InlineData("reason", """{"amount":1,"reason":"a\u0000b"}""")]
    [InlineData("currency", """{"amount":1,"currency":"EUR"}""")]
    public async Task A_bad_refund_names_the_invalid_field_and_stores_nothing(string field, string body)
    {
        var order = await refunds.PaidAsync();
        using var answer = await refunds.SendAsync(order, body, Guid.NewGuid().ToString());

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True((await ReadAsync(answer)).GetProperty("errors").TryGetProperty(field, out _), await answer.Content.ReadAsStringAsync());
        Assert.Equal(0L, await CountAsync(order));
    }

    [Theory]
    [InlineData("JPY", 1.5, HttpStatusCode.BadRequest)]
    [InlineData("JPY", 2, HttpStatusCode.Accepted)]
    [InlineData("KWD", 1.125, HttpStatusCode.Accepted)]
    public async Task The_amount_of_a_refund_has_the_decimals_of_its_currency(string currency, double amount, HttpStatusCode expected)
    {
        var order = await refunds.PaidAsync(currency: currency);
        using var answer = await refunds.RefundAsync(order, (decimal)amount);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    public async Task A_refund_without_a_valid_key_is_rejected(string key)
    {
        var order = await refunds.PaidAsync();
        using var answer = await refunds.SendAsync(order, """{"amount":1}""", key);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True((await ReadAsync(answer)).GetProperty("errors").TryGetProperty("Idempotency-Key", out _));
        Assert.Equal(0L, await CountAsync(order));
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("paymentFailed")]
    [InlineData("cancelled")]
    [InlineData("manualReview")]
    public async Task An_order_that_is_not_paid_cannot_be_refunded(string status)
    {
        var order = await refunds.PaidAsync();
        await refunds.SetStatusAsync(order, status);
        using var answer = await refunds.RefundAsync(order, 1);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal(status, Text(await ReadAsync(answer), "orderStatus"));
        Assert.Equal(0L, await CountAsync(order));
    }

    [Fact]
    public async Task A_refund_of_an_unknown_order_or_of_another_clients_order_is_404()
    {
        var order = await refunds.PaidAsync();
        using var stranger = new Client(refunds.System.OrderApi.Address, Tokens.Of("stranger", "orders.read orders.write"));
        using var reader = new Client(refunds.System.OrderApi.Address, Tokens.Of("tests", "orders.read"));

        using var unknown = await refunds.RefundAsync(Guid.NewGuid(), 1);
        using var theirs = await refunds.RefundAsync(order, 1, http: stranger.Http);
        using var forbidden = await refunds.RefundAsync(order, 1, http: reader.Http);

        Assert.Equal(
            (HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.Forbidden),
            (unknown.StatusCode, theirs.StatusCode, forbidden.StatusCode));
        Assert.Equal(0L, await CountAsync(order));
    }

    [Fact]
    public async Task A_refund_of_more_than_is_left_is_rejected_with_what_is_left()
    {
        var order = await refunds.PaidAsync();
        var first = await refunds.AcceptedAsync(order, 4);
        await RejectedAsync(order, 6.01m, "6.00");

        // A pending refund takes its amount; one that failed returns it.
        var second = await refunds.AcceptedAsync(order, 6);
        await RejectedAsync(order, 0.01m, "0.00");
        await refunds.FailedAsync(order, second, 6);
        var read = await refunds.WaitAsync(order, "has a failed refund", answer => StatusOf(answer, second) == "failed");
        Assert.Equal("charge_disputed", Text(read.GetProperty("refunds").EnumerateArray().First(), "failure"));
        await refunds.SucceededAsync(order, first, 4);
        await refunds.WaitAsync(order, "has refunded 4.00", answer => answer.GetProperty("refundedTotal").GetRawText() == "4.00");
        await RejectedAsync(order, 6.01m, "6.00");
        await refunds.AcceptedAsync(order, 6);
    }

    [Fact]
    public async Task A_repeated_refund_request_gets_the_first_answer_even_after_the_order_is_refunded()
    {
        var (order, key) = (await refunds.PaidAsync(), Guid.NewGuid().ToString());
        using var first = await refunds.RefundAsync(order, 10, "all", key);
        var refund = await ReadAsync(first);
        await refunds.SucceededAsync(order, refund.GetProperty("id").GetGuid(), 10);
        await refunds.Client.WaitForAsync(order, "refunded");

        using var again = await refunds.SendAsync(order, """{"reason":"all","amount":10.00}""", key);

        Assert.Equal((HttpStatusCode.Accepted, first.Headers.Location), (again.StatusCode, again.Headers.Location));
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotency-Replayed")));
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(refund.GetRawText(), (await ReadAsync(again)).GetRawText());
        Assert.Equal(1L, await CountAsync(order));
    }

    [Fact]
    public async Task A_key_that_was_used_for_another_request_is_422()
    {
        var (order, other, key) = (await refunds.PaidAsync(), await refunds.PaidAsync(), Guid.NewGuid().ToString());
        using var first = await refunds.RefundAsync(order, 1, "damaged", key);
        using var amount = await refunds.RefundAsync(order, 2, "damaged", key);
        using var tooMuch = await refunds.RefundAsync(order, 200, "damaged", key);
        using var reason = await refunds.RefundAsync(order, 1, "late", key);
        using var ofOther = await refunds.RefundAsync(other, 1, "damaged", key);
        using var placed = await refunds.PlaceAsync(key);

        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.All(
            new[] { amount, tooMuch, reason, ofOther, placed },
            answer => Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode));
        Assert.Equal((1L, 0L), (await CountAsync(order), await CountAsync(other)));

        var keyOfOrder = Guid.NewGuid().ToString();
        using var created = await refunds.PlaceAsync(keyOfOrder);
        using var reused = await refunds.RefundAsync(order, 1, key: keyOfOrder);
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.UnprocessableEntity), (created.StatusCode, reused.StatusCode));
    }

    [Fact]
    public async Task A_rejected_refund_does_not_consume_its_key()
    {
        var (order, key) = (await refunds.PaidAsync(), Guid.NewGuid().ToString());
        using var rejected = await refunds.RefundAsync(order, 11, key: key);
        using var accepted = await refunds.RefundAsync(order, 10, key: key);
        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Accepted), (rejected.StatusCode, accepted.StatusCode));
    }

    [Fact]
    public async Task Concurrent_refunds_never_exceed_the_order()
    {
        var orders = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => refunds.PaidAsync()));
        await using var other = await refunds.System.StartServiceAsync("OrderSystem.OrderApi");
        using var second = Tokens.Http(other.Address);

        var answers = await Task.WhenAll(Enumerable.Range(0, 120).Select(i =>
            refunds.RefundAsync(orders[i % 4], 1, http: i / 4 % 2 == 0 ? refunds.Client.Http : second)));

        Assert.Equal(40, answers.Count(answer => answer.StatusCode == HttpStatusCode.Accepted));
        foreach (var rejected in answers.Where(answer => answer.StatusCode != HttpStatusCode.Accepted))
        {
            Assert.Equal(HttpStatusCode.Conflict, rejected.StatusCode);
            Assert.Equal("0.00", (await ReadAsync(rejected)).GetProperty("refundable").GetRawText());
        }

        foreach (var order in orders)
        {
            Assert.Equal(
                [10m, 10, 10m, 11L, 11],
                await Sql.RowAsync(
                    refunds.System.OrdersDatabase,
                    $"""
                    SELECT refund_pending, refund_requests, (SELECT sum(amount) FROM refunds WHERE order_id = o.id),
                        (SELECT count(*) FROM events WHERE order_id = o.id), (SELECT max(version) FROM events WHERE order_id = o.id)
                    FROM orders o WHERE id = '{order}'
                    """));
        }

        await other.StopAsync();
    }

    /// <summary>Another instance has taken 8 of 10 and not committed yet.</summary>
    [Fact]
    public async Task A_refund_waits_for_a_concurrent_one_and_sees_what_it_has_taken()
    {
        var order = await refunds.PaidAsync();
        await using var other = await Sql.HoldAsync(
            refunds.System.OrdersDatabase, $"UPDATE orders SET refund_pending = refund_pending + 8 WHERE id = '{order}'");
        var request = refunds.RefundAsync(order, 5);

        // The commit queue gives a lock 100 ms; then the request waits on a session of its own.
        await Eventually.BeTrueAsync("the refund waits for the other transaction", async () => await Sql.ScalarAsync<long>(
            refunds.System.OrdersDatabase,
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'orders' "
                + "AND now() - query_start > interval '200 ms'") > 0);
        await using (var commit = new NpgsqlCommand("COMMIT", other))
            await commit.ExecuteNonQueryAsync();

        using var answer = await request;
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("2.00", (await ReadAsync(answer)).GetProperty("refundable").GetRawText());
        Assert.Equal(0L, await CountAsync(order));
    }

    [Fact]
    public async Task Concurrent_refund_requests_with_one_key_make_one_refund()
    {
        var (order, key) = (await refunds.PaidAsync(), Guid.NewGuid().ToString());
        await using var other = await refunds.System.StartServiceAsync("OrderSystem.OrderApi");
        using var second = Tokens.Http(other.Address);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            refunds.RefundAsync(order, i % 4 < 2 ? 1 : 1.00m, key: key, http: i % 2 == 0 ? refunds.Client.Http : second)));

        var ids = new HashSet<string>();
        foreach (var answer in answers.Where(answer => answer.StatusCode == HttpStatusCode.Accepted))
            ids.Add(Text(await ReadAsync(answer), "id"));
        Assert.Single(ids);
        Assert.All(
            answers.Where(answer => answer.StatusCode != HttpStatusCode.Accepted),
            answer => Assert.True(
                answer.StatusCode == HttpStatusCode.Conflict && answer.Headers.RetryAfter is not null, $"{answer.StatusCode}"));
        Assert.Equal(1L, await CountAsync(order));
        await other.StopAsync();
    }

    [Fact]
    public async Task An_order_has_at_most_a_hundred_requested_refunds()
    {
        var order = await refunds.PaidAsync();
        await Sql.ExecuteAsync(refunds.System.OrdersDatabase, $"UPDATE orders SET refund_requests = 99 WHERE id = '{order}'");
        await refunds.AcceptedAsync(order, 1);

        using var answer = await refunds.RefundAsync(order, 1);
        var problem = await ReadAsync(answer);

        Assert.Equal((HttpStatusCode.Conflict, "9.00"), (answer.StatusCode, problem.GetProperty("refundable").GetRawText()));
        Assert.Contains("100 requested refunds", Text(problem, "detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refunded_order_is_listed_as_refunded_and_not_as_paid()
    {
        var (order, partly) = (await refunds.PaidAsync(), await refunds.PaidAsync());
        await refunds.SucceededAsync(order, await refunds.AcceptedAsync(order, 10), 10);
        await refunds.SucceededAsync(partly, await refunds.AcceptedAsync(partly, 9.99m), 9.99m);
        await refunds.Client.WaitForAsync(order, "refunded");
        await refunds.WaitAsync(partly, "has refunded 9.99", answer => answer.GetProperty("refundedTotal").GetDecimal() == 9.99m);

        Assert.Equal([("refunded", "10.00")], await ListedAsync("refunded", order, partly));
        Assert.Equal([("paid", "9.99")], await ListedAsync("paid", order, partly));
        using var cancel = await refunds.Client.Http.PostAsync(new Uri($"/orders/{order}/cancel", UriKind.Relative), null);
        Assert.Contains(
            "The order is refunded and cannot be cancelled.", await cancel.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refunds_made_at_the_provider_appear_with_their_source()
    {
        var order = await refunds.PaidAsync();
        await refunds.SucceededAsync(order, Guid.NewGuid(), 2, RefundSource.Provider);
        await refunds.SucceededAsync(order, Guid.NewGuid(), 10, RefundSource.Chargeback);

        // The bank takes back the whole charge, whatever was refunded before.
        var read = await refunds.WaitAsync(
            order, "has two refunds", answer => answer.GetProperty("refundedTotal").GetRawText() == "12.00");

        Assert.Equal("refunded", Text(read, "status"));
        Assert.Equal(
            ["chargeback", "provider"],
            read.GetProperty("refunds").EnumerateArray().Select(refund => Text(refund, "source")).Order());
        await RejectedAsync(order, 0.01m, "0.00");
    }

    [Fact]
    public async Task The_timeline_has_each_refund_with_its_source()
    {
        var order = await refunds.PaidAsync();
        using var answer = await refunds.RefundAsync(order, 3, "damaged");
        await refunds.SucceededAsync(order, (await ReadAsync(answer)).GetProperty("id").GetGuid(), 3);
        await refunds.FailedAsync(order, await refunds.AcceptedAsync(order, 2), 2);
        await refunds.SucceededAsync(order, Guid.NewGuid(), 4, RefundSource.Chargeback);
        await refunds.WaitAsync(
            order, "has three refunds with an outcome",
            read => read.GetProperty("refunds").EnumerateArray().Count(refund => Text(refund, "status") != "pending") == 3);

        var timeline = await refunds.Client.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");

        var steps = timeline.GetProperty("steps").EnumerateArray()
            .Where(step => Text(step, "what").StartsWith("refund ", StringComparison.Ordinal))
            .Select(step => (
                Text(step, "what"), Text(step, "detail"),
                step.TryGetProperty("providerReference", out var reference) ? reference.GetString() : null));
        Assert.Equal(
            [
                ("refund failed (request)", "2.00 EUR: charge_disputed", null),
                ("refund requested", "2.00 EUR", null),
                ("refund requested", "3.00 EUR: damaged", null),
                ("refund succeeded (chargeback)", "4.00 EUR", "re_1"),
                ("refund succeeded (request)", "3.00 EUR", "re_1"),
            ],
            steps.OrderBy(step => step.Item1, StringComparer.Ordinal).ThenBy(step => step.Item2, StringComparer.Ordinal));
        Assert.Single(timeline.GetProperty("steps").EnumerateArray().Select(step => Text(step, "traceId")).Distinct());
    }

    [Fact]
    public async Task A_redrive_publishes_refund_requests_that_JetStream_lost()
    {
        var order = await refunds.PaidAsync();
        await refunds.AcceptedAsync(order, 1);
        // Those of other tests too, or the purge would be followed by their refunds.
        await Eventually.BeTrueAsync("all events are published", async () => await Sql.ScalarAsync<long>(
            refunds.System.OrdersDatabase, "SELECT count(*) FROM outbox") == 0);
        var stream = await refunds.OrdersStreamAsync();
        await stream.PurgeAsync(new StreamPurgeRequest());

        using var answer = await refunds.Client.Http.PostAsync(
            new Uri($"/ops/redrive?missing=true&orderId={order}", UriKind.Relative), content: null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        var eventId = await Sql.ScalarAsync<Guid>(
            refunds.System.OrdersDatabase,
            $"SELECT event_id FROM events WHERE order_id = '{order}' AND type = 'orders.refund_requested.v1'");
        await Eventually.BeTrueAsync("the request is published again", async () => Encoding.UTF8
            .GetString(Convert.FromBase64String(
                (await stream.GetAsync(new StreamMsgGetRequest { LastBySubj = "orders.refund_requested" })).Message.Hdrs!))
            .Contains($"ce-id: {eventId}", StringComparison.Ordinal));
    }

    private async Task RejectedAsync(Guid order, decimal amount, string refundable)
    {
        using var answer = await refunds.RefundAsync(order, amount);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal(refundable, (await ReadAsync(answer)).GetProperty("refundable").GetRawText());
    }

    private async Task<(string Status, string Refunded)[]> ListedAsync(string status, params Guid[] orders) =>
    [
        .. (await refunds.Client.Http.GetFromJsonAsync<JsonElement>($"/orders?status={status}&limit=200"))
            .GetProperty("items").EnumerateArray().Where(order => orders.Contains(order.GetProperty("id").GetGuid()))
            .Select(order => (Text(order, "status"), order.GetProperty("refundedTotal").GetRawText())),
    ];

    private Task<long> CountAsync(Guid order) =>
        Sql.ScalarAsync<long>(refunds.System.OrdersDatabase, $"SELECT count(*) FROM refunds WHERE order_id = '{order}'");

    private static string? StatusOf(JsonElement order, Guid refund) => Text(
        order.GetProperty("refunds").EnumerateArray().Single(one => one.GetProperty("id").GetGuid() == refund), "status");

    private static Task<JsonElement> ReadAsync(HttpResponseMessage answer) => answer.Content.ReadFromJsonAsync<JsonElement>();

    private static string Text(JsonElement json, string member) => json.GetProperty(member).GetString()!;
}
