using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>A client of the order API.</summary>
internal sealed class Client(Uri api, string? token = null) : IDisposable
{
    private readonly HttpClient http = Tokens.Http(api, token);

    internal HttpClient Http => http;

    /// <summary>Places an order of one line and returns its id.</summary>
    internal async Task<Guid> PlaceAsync(decimal price = 19.99m, string currency = "EUR", string? paymentMethod = null)
    {
        var order = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["customerId"] = "c-17",
            ["currency"] = currency,
            ["items"] = new[] { new { sku = "SKU-1", quantity = 2, unitPrice = price } },
        };
        if (paymentMethod is not null)
            order["paymentMethod"] = paymentMethod;
        using var response = await http.PostAsJsonAsync("/orders", order);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    internal Task<JsonElement> GetAsync(Guid order) => http.GetFromJsonAsync<JsonElement>($"/orders/{order}");

    /// <summary>Waits until the order has the status. A timeout shows the order's timeline, which tells what it waits for.</summary>
    internal async Task<JsonElement> WaitForAsync(Guid order, string status, TimeSpan? within = null)
    {
        try
        {
            return await Eventually.GetAsync(
                $"order {order} is {status}", () => GetAsync(order), answer => answer.GetProperty("status").GetString() == status, within);
        }
        catch (Xunit.Sdk.XunitException late)
        {
            using var timeline = await http.GetAsync(new Uri($"/orders/{order}/timeline", UriKind.Relative));
            throw new Xunit.Sdk.XunitException($"{late.Message}\n{await timeline.Content.ReadAsStringAsync()}", late);
        }
    }

    public void Dispose() => http.Dispose();
}
