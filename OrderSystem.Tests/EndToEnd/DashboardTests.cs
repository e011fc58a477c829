using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>The real dashboard of the real AppHost, used as an operator does: in a browser.</summary>
public sealed class DashboardTests
{
    /// <summary>The visible resources; the connections of single users and roles are hidden.</summary>
    private static readonly string[] Running =
        ["nats-server", "postgres", "orders", "payments", "order-api", "payment-gateway", "payment-worker"];
    private static readonly LocatorAssertionsToBeVisibleOptions Visible = new() { Timeout = 60_000 };

    [Fact]
    public async Task An_operator_logs_in_sees_everything_running_follows_an_order_places_ten_and_reads_a_log()
    {
        await using var system = await DashboardApp.StartWithDashboardAsync();
        var login = await system.LoginAsync();
        var url = login.GetLeftPart(UriPartial.Authority);
        await using var browser = await DashboardBrowser.StartAsync();
        var page = browser.Page;

        await page.GotoAsync(login.AbsoluteUri);
        await EverythingRunsAsync(browser);
        await TenOrdersArePlacedAsync(browser, system);
        await page.GotoAsync($"{url}/?view=Graph");
        await Expect(page.GetByText("payment-gateway").First).ToBeVisibleAsync(Visible);
        await Expect(page.Locator("path.resource-link, line.resource-link").First).ToBeAttachedAsync(new() { Timeout = 60_000 });
        await browser.SaveScreenshotAsync("graph");

        await AnOrderIsFollowedAsync(browser, system, url);
        await ALogIsReadAsync(browser, url);
        await page.GotoAsync($"{url}/structuredlogs");
        await FilterAsync(page, "is pulling messages", hides: "Content root path");
        await Expect(page.GetByText("ORDER_PROCESSOR is pulling messages").First).ToBeVisibleAsync(Visible);
        await browser.SaveScreenshotAsync("structured-logs");
        await page.GotoAsync($"{url}/metrics/resource/order-api");
        await page.GetByTitle("http.server.request.duration").First.ClickAsync();
        await Expect(page.Locator(".js-plotly-plot .main-svg").First).ToBeVisibleAsync(Visible);
        await browser.SaveScreenshotAsync("metrics");
    }

    /// <summary>
    /// The page is rendered before its connection to the server is up, and input until then is lost. So the filter is typed again.
    /// </summary>
    private static async Task FilterAsync(IPage page, string text, string hides)
    {
        for (var attempt = 1; ; attempt++)
        {
            await page.GetByTitle("Message filter").Locator("input").FillAsync("");
            await page.GetByTitle("Message filter").Locator("input").FillAsync(text);
            try
            {
                await Expect(page.GetByText(hides)).ToHaveCountAsync(0, new() { Timeout = 10_000 });
                return;
            }
            catch (PlaywrightException) when (attempt < 6)
            {
            }
        }
    }

    private static async Task EverythingRunsAsync(DashboardBrowser browser)
    {
        foreach (var resource in Running)
            await Expect(Row(browser.Page, resource).GetByText("Running", new() { Exact = true })).ToBeVisibleAsync(Visible);
        foreach (var resource in new[] { "order-migrations", "payment-migrations" })
            await Expect(Row(browser.Page, resource).GetByText("Finished", new() { Exact = true })).ToBeVisibleAsync(Visible);
        Assert.Equal(Running.Length + 2, await browser.Page.Locator("tr.fluent-data-grid-row[role=row]:has(td)").CountAsync());

        // No resource needs the development certificate that Aspire does not find on a new machine.
        await Expect(browser.Page.GetByText("certificate")).ToHaveCountAsync(0);
        await browser.SaveScreenshotAsync("resources");
    }

    private static async Task TenOrdersArePlacedAsync(DashboardBrowser browser, DashboardApp system)
    {
        await Row(browser.Page, "order-api").GetByTitle("Places ten small orders.").ClickAsync();
        await Expect(browser.Page.GetByText("Place 10 orders? They will be charged at the payment provider.")).ToBeVisibleAsync(Visible);
        await browser.Page.Locator("fluent-dialog fluent-button", new() { HasText = "Yes" }).ClickAsync();
        await Expect(browser.Page.GetByText(new Regex("^Placed 10 orders in ")).First).ToBeVisibleAsync(Visible);
        await browser.SaveScreenshotAsync("command");

        using var client = system.NewClient();
        var orders = await client.Http.GetFromJsonAsync<JsonElement>("/orders?customerId=dashboard");
        Assert.Equal(10, orders.GetProperty("items").GetArrayLength());
    }

    private static async Task AnOrderIsFollowedAsync(DashboardBrowser browser, DashboardApp system, string url)
    {
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        using var client = system.NewClient();
        client.Http.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom().ToHexString()}-01");
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        await browser.Page.GotoAsync($"{url}/traces");
        var row = browser.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = trace[..7] }).First;
        await Expect(row).ToBeVisibleAsync(Visible);
        await browser.SaveScreenshotAsync("traces");
        await row.ClickAsync();
        await Expect(browser.Page).ToHaveURLAsync(new Regex($"/traces/detail/{trace}"), new() { Timeout = 60_000 });
        foreach (var span in new[]
            { "commit insert-order", "commit begin-charge", "POST /charges", "commit record-outcome", "commit apply-payment-result" })
            await Expect(browser.Page.GetByText(span).First).ToBeVisibleAsync(Visible);
        await browser.SaveScreenshotAsync("trace");
    }

    private static async Task ALogIsReadAsync(DashboardBrowser browser, string url)
    {
        await browser.Page.GotoAsync($"{url}/consolelogs/resource/order-migrations");
        await Expect(browser.Page.GetByText("0001_orders").First).ToBeVisibleAsync(Visible);
        await browser.SaveScreenshotAsync("console-log");
    }

    private static ILocator Row(IPage page, string resource) =>
        page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByText(resource, new() { Exact = true }) }).First;
}
