using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// A client reads, lists and cancels only its own orders. The orders and idempotency keys of other clients do not exist for it.
/// </summary>
public sealed class ClientIsolationTests(SharedSystem shared) : IAsyncLifetime
{
    private const string Shop = "orders.read orders.write";
    private readonly string name = Guid.NewGuid().ToString("N");
    private RunningSystem system = null!;
    private Client mine = null!;
    private Client others = null!;
    private Client operators = null!;

    public async ValueTask InitializeAsync()
    {
        system = await shared.StartedAsync();
        mine = new(system.OrderApi.Address, Tokens.Of($"mine-{name}", Shop));
        others = new(system.OrderApi.Address, Tokens.Of($"others-{name}", Shop));
        operators = new(system.OrderApi.Address, Tokens.Of($"operators-{name}"));
    }

    public ValueTask DisposeAsync()
    {
        mine.Dispose();
        others.Dispose();
        operators.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_order_of_another_client_is_not_found()
    {
        var order = await mine.PlaceAsync();

        foreach (var path in new[] { $"/orders/{order}", $"/orders/{order}/timeline" })
        {
            Assert.Equal(HttpStatusCode.OK, (await mine.Http.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await operators.Http.GetAsync(path)).StatusCode);
            using var theirs = await others.Http.GetAsync(path);
            using var unknown = await others.Http.GetAsync(path.Replace($"{order}", $"{Guid.Empty}", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.NotFound, theirs.StatusCode);
            Assert.Equal(await DetailAsync(unknown, Guid.Empty), await DetailAsync(theirs, order));
        }
    }

    [Fact]
    public async Task The_order_of_another_client_cannot_be_cancelled()
    {
        // The order stays pending, because no worker charges it.
        await using var blocked = await RunningSystem.StartAsync();
        await blocked.Worker.StopAsync();
        using var owner = new Client(blocked.OrderApi.Address, Tokens.Of("owner", Shop));
        using var stranger = new Client(blocked.OrderApi.Address, Tokens.Of("stranger", Shop));
        var order = await owner.PlaceAsync();

        using var refused = await stranger.Http.PostAsync($"/orders/{order}/cancel", content: null);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal("pending", (await owner.GetAsync(order)).GetProperty("status").GetString());

        using var accepted = await owner.Http.PostAsync($"/orders/{order}/cancel", content: null);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);

        // The status makes no difference: for another client, the order does not exist.
        using var again = await stranger.Http.PostAsync($"/orders/{order}/cancel", content: null);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Fact]
    public async Task An_operator_may_cancel_the_order_of_any_client()
    {
        var order = await mine.PlaceAsync();
        using var answer = await operators.Http.PostAsync($"/orders/{order}/cancel", content: null);
        Assert.True(answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Conflict, $"{answer.StatusCode}");
    }

    [Fact]
    public async Task A_list_contains_only_the_callers_own_orders_whatever_the_filter()
    {
        var order = await mine.PlaceAsync();
        var theirs = await others.PlaceAsync();
        await mine.WaitForAsync(order, "paid");
        await others.WaitForAsync(theirs, "paid");

        foreach (var query in new[] { "", "?customerId=c-17", "?status=paid", "?customerId=c-17&status=paid&limit=1" })
        {
            Assert.Equal([order], await ListAsync(mine, query));
            Assert.Equal([theirs], await ListAsync(others, query));
        }

        var all = await ListAsync(operators, "?limit=200");
        Assert.Contains(order, all);
        Assert.Contains(theirs, all);
    }

    [Fact]
    public async Task Idempotency_keys_are_scoped_to_the_client()
    {
        var key = Guid.NewGuid().ToString();
        var first = await PostAsync(mine, key, "c-1");
        var theirs = await PostAsync(others, key, "c-1");
        var theirOther = await PostAsync(others, key, "c-2");
        var again = await PostAsync(mine, key, "c-1");

        Assert.Equal((HttpStatusCode.Created, false), (first.Status, first.IsReplayed));
        Assert.Equal((HttpStatusCode.Created, false), (theirs.Status, theirs.IsReplayed));
        Assert.NotEqual(first.Order, theirs.Order);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, theirOther.Status);
        Assert.Equal((HttpStatusCode.Created, true, first.Order), (again.Status, again.IsReplayed, again.Order));
    }

    [Fact]
    public async Task Concurrent_requests_of_two_clients_with_one_key_place_two_orders()
    {
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PostAsync(i % 2 == 0 ? mine : others, key, "c-1")));

        Assert.Equal(
            2,
            answers.Where(answer => answer is { Status: HttpStatusCode.Created, IsReplayed: false })
                .DistinctBy(answer => answer.Order).Count());
    }

    /// <summary>The previous release writes such rows during a rolling upgrade.</summary>
    [Fact]
    public async Task An_order_without_a_client_is_visible_to_operators_only()
    {
        var order = Guid.CreateVersion7();
        await Sql.ExecuteAsync(
            system.OrdersDatabase,
            $$"""
            INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at)
            VALUES ('{{order}}', 'c-before-{{name}}', 'EUR', 1, '[{"sku":"SKU-1","quantity":1,"unitPrice":1}]',
                'cancelled', now() - interval '8 days', now() - interval '8 days')
            """);
        try
        {
            Assert.Equal(HttpStatusCode.NotFound, (await mine.Http.GetAsync($"/orders/{order}")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await operators.Http.GetAsync($"/orders/{order}")).StatusCode);
            Assert.Empty(await ListAsync(mine, $"?customerId=c-before-{name}"));
            Assert.Equal([order], await ListAsync(operators, $"?customerId=c-before-{name}"));
        }
        finally
        {
            await Sql.ExecuteAsync(system.OrdersDatabase, $"DELETE FROM orders WHERE id = '{order}'");
        }
    }

    private static async Task<(HttpStatusCode Status, bool IsReplayed, Guid? Order)> PostAsync(Client client, string key, string customer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders")
        {
            Content = JsonContent.Create(
                new { customerId = customer, currency = "EUR", items = new[] { new { sku = "SKU-1", quantity = 1, unitPrice = 1m } } }),
            Headers = { { "Idempotency-Key", key } },
        };
        using var answer = await client.Http.SendAsync(request);
        var order = answer.IsSuccessStatusCode
            ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid()
            : (Guid?)null;
        return (answer.StatusCode, answer.Headers.Contains("Idempotency-Replayed"), order);
    }

    private static async Task<Guid[]> ListAsync(Client client, string query) =>
        [.. (await client.Http.GetFromJsonAsync<JsonElement>($"/orders{query}")).GetProperty("items").EnumerateArray()
            .Select(order => order.GetProperty("id").GetGuid())];

    private static async Task<string> DetailAsync(HttpResponseMessage answer, Guid order) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!
            .Replace($"{order}", "ID", StringComparison.Ordinal);
}
