using System.Text;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>An amount has one canonical form in the whole system, whatever form the caller used.</summary>
public sealed class AmountTests(SharedSystem shared)
{
    [Theory]
    [InlineData("EUR", "9.990000", "19.98")]
    [InlineData("EUR", "1e2", "200.00")]
    [InlineData("EUR", "10.5", "21.00")]
    [InlineData("JPY", "1500.0", "3000")]
    [InlineData("KWD", "0.1", "0.200")]
    public async Task H13_An_amount_has_the_same_text_in_response_database_event_payment_and_ledger(
        string currency, string price, string total)
    {
        var system = await shared.StartedAsync();
        using var client = new Client(system.OrderApi.Address);
        using var body = new StringContent(
            $$"""{"customerId":"c-17","currency":"{{currency}}","items":[{"sku":"S","quantity":2,"unitPrice":{{price}}}]}""",
            Encoding.UTF8, "application/json");
        using var placed = await client.Http.PostAsync(new Uri("/orders", UriKind.Relative), body);
        Assert.True(placed.IsSuccessStatusCode, await placed.Content.ReadAsStringAsync());
        using var answer = JsonDocument.Parse(await placed.Content.ReadAsStringAsync());
        var order = answer.RootElement.GetProperty("id").GetGuid();
        Assert.Equal(total, answer.RootElement.GetProperty("total").GetRawText());
        await client.WaitForAsync(order, "paid");

        Assert.Equal(total, (await client.GetAsync(order)).GetProperty("total").GetRawText());
        Assert.Equal(total, await Sql.ScalarAsync<string>(system.OrdersDatabase, $"SELECT total::text FROM orders WHERE id = '{order}'"));
        Assert.Equal(total, await Sql.ScalarAsync<string>(
            system.OrdersDatabase, $"SELECT convert_from(payload, 'UTF8')::jsonb ->> 'total' FROM events WHERE order_id = '{order}'"));
        Assert.Equal(total, await Sql.ScalarAsync<string>(
            system.PaymentsDatabase, $"SELECT amount::text FROM payments WHERE order_id = '{order}'"));
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        using var charges = JsonDocument.Parse(await provider.GetStringAsync(new Uri($"/charges?orderId={order}", UriKind.Relative)));
        Assert.Equal(total, Assert.Single(charges.RootElement.EnumerateArray()).GetProperty("amount").GetRawText());
    }
}
