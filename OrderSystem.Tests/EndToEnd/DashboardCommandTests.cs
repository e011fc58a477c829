using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>The commands of the dashboard, run on the real system.</summary>
public sealed class DashboardCommandTests : IAsyncLifetime
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private DashboardApp system = null!;
    private Client client = null!;

    public async ValueTask InitializeAsync()
    {
        system = await DashboardApp.StartAsync();
        client = system.NewClient();
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await system.DisposeAsync();
    }

    [Fact]
    public async Task Every_command_takes_effect_and_every_change_asks_for_confirmation()
    {
        await OrdersArePlacedAsync();
        await AnOrderIsRefundedAsync();
        await TheWorkerPausesAsync();
        await ProviderFaultsAreSetAndHealedAsync();
        await ReportsAreReconciledAsync();
        await DeadLettersAreShownAndReplayedAsync();
        await AResourceStopsAndStartsAsync();
        await LostEventsAreRedrivenAsync();

        var withoutConfirmation = new[] { "create-token", "show-dead-letters", "audit", "start", "stop", "restart", "rebuild" };
        foreach (var resource in new[] { "order-api", "payment-worker", "payment-gateway" })
        {
            Assert.True(system.App.ResourceNotifications.TryGetCurrentState(resource, out var state));
            Assert.All(state.Snapshot.Commands, command => Assert.Equal(
                withoutConfirmation.Contains(command.Name), command.ConfirmationMessage is null));
        }
    }

    private async Task OrdersArePlacedAsync()
    {
        var ten = await SucceedsAsync("order-api", "place-10-orders");
        Assert.StartsWith("Placed 10 orders in ", ten.Message, StringComparison.Ordinal);
        Assert.Equal(10, ten.Data!.Value.Split("EUR |").Length - 1);
        Assert.StartsWith("Placed 100 orders in ", (await SucceedsAsync("order-api", "place-orders")).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "Placed 3 orders in ", (await SucceedsAsync("order-api", "place-orders", ("count", "3"))).Message, StringComparison.Ordinal);
        Assert.Equal("The number of orders must be between 1 and 10000.",
            (await system.RunAsync("order-api", "place-orders", ("count", "0"))).Message);
        await Eventually.GetAsync("all 113 orders are paid", () => CountAsync("paid"), count => count == 113, Timeout);

        var audit = await SucceedsAsync("order-api", "audit");
        Assert.Equal("The audit of 113 orders: everything agrees.", audit.Message);
    }

    private async Task AnOrderIsRefundedAsync()
    {
        var order = await client.PlaceAsync();
        await client.WaitForAsync(order, "paid", Timeout);
        var refund = await SucceedsAsync("order-api", "refund-order", ("order", $"{order}"), ("amount", "9.98"));
        Assert.StartsWith("The refund of 9.98 is requested", refund.Message, StringComparison.Ordinal);
        Assert.Single((await client.GetAsync(order)).GetProperty("refunds").EnumerateArray());
        Assert.Contains(
            "30.00 EUR of the order are left to refund",
            (await system.RunAsync("order-api", "refund-order", ("order", $"{order}"), ("amount", "39.98"))).Message,
            StringComparison.Ordinal);
        Assert.False((await system.RunAsync("order-api", "refund-order", ("order", "1"), ("amount", "x"))).Success);
    }

    private async Task TheWorkerPausesAsync()
    {
        await using var nats = await ConnectAsync();
        var consumer = await new NatsJSContext(nats).GetConsumerAsync("ORDERS", "ORDER_PROCESSOR");
        await SucceedsAsync("payment-worker", "pause");
        await Eventually.BeTrueAsync("no consumer pulls", async () => await InfoAsync() is { NumWaiting: 0 }, Timeout);

        var orders = new List<Guid>();
        for (var i = 0; i < 5; i++)
            orders.Add(await client.PlaceAsync());
        await Eventually.BeTrueAsync(
            "all five events are pending on the stream", async () => await InfoAsync() is { NumPending: 5 }, Timeout);
        foreach (var order in orders)
            Assert.Equal("pending", (await client.GetAsync(order)).GetProperty("status").GetString());

        await SucceedsAsync("payment-worker", "resume");
        foreach (var order in orders)
            await client.WaitForAsync(order, "paid", Timeout);

        async Task<NATS.Client.JetStream.Models.ConsumerInfo> InfoAsync()
        {
            await consumer.RefreshAsync();
            return consumer.Info;
        }
    }

    private async Task ProviderFaultsAreSetAndHealedAsync()
    {
        using var provider = system.App.CreateHttpClient("payment-gateway");
        await HasFaultAsync("slow-down", "latency", "00:00:02");
        await HasFaultAsync("fail", "outage", "True");
        await HasFaultAsync("hang", "hangRate", "1");
        await HasFaultAsync("decline", "declineRate", "1");
        await client.WaitForAsync(await client.PlaceAsync(), "paymentFailed", Timeout);
        Assert.Equal("The provider works again.", (await SucceedsAsync("payment-gateway", "heal")).Message);
        await client.WaitForAsync(await client.PlaceAsync(), "paid", Timeout);

        async Task HasFaultAsync(string command, string setting, string value)
        {
            Assert.EndsWith("Heal ends it.", (await SucceedsAsync("payment-gateway", command)).Message, StringComparison.Ordinal);
            Assert.Equal(value, (await provider.GetFromJsonAsync<JsonElement>("/faults")).GetProperty(setting).ToString());
        }
    }

    private async Task ReportsAreReconciledAsync()
    {
        await SucceedsAsync("payment-gateway", "settle-wrongly");
        var differs = await system.RunAsync("payment-worker", "reconcile");
        Assert.False(differs.Success);
        Assert.StartsWith("The report and the payments differ: ", differs.Message, StringComparison.Ordinal);
        Assert.Contains("otherAmount", differs.Data!.Value, StringComparison.Ordinal);
        await SucceedsAsync("payment-gateway", "heal");
        Assert.Equal("The report and the payments agree.", (await SucceedsAsync("payment-worker", "reconcile")).Message);
    }

    private async Task DeadLettersAreShownAndReplayedAsync()
    {
        Assert.Equal("There are no dead letters.", (await SucceedsAsync("order-api", "show-dead-letters")).Message);
        Assert.StartsWith("0 replayed", (await SucceedsAsync("order-api", "replay-dead-letters")).Message, StringComparison.Ordinal);
        await using var nats = await ConnectAsync();
        await new NatsJSContext(nats).PublishAsync("orders.created", "not an event"u8.ToArray(), NatsRawSerializer<byte[]>.Default);

        var shown = await Eventually.GetAsync("there is a dead letter",
            () => system.RunAsync("order-api", "show-dead-letters"), r => r.Message == "There are 1 dead letters.", Timeout);
        Assert.Equal(CommandResultFormat.Markdown, shown.Data!.Format);
        var replayed = await system.RunAsync("order-api", "replay-dead-letters");
        Assert.False(replayed.Success);
        Assert.StartsWith("1 replayed, 1 of them dead letters again", replayed.Message, StringComparison.Ordinal);
    }

    private async Task AResourceStopsAndStartsAsync()
    {
        Assert.Equal("Successfully stopped 'payment-gateway'.", (await SucceedsAsync("payment-gateway", "stop")).Message);
        Assert.False((await system.RunAsync("payment-gateway", "heal")).Success);
        var order = await client.PlaceAsync();
        await SucceedsAsync("payment-gateway", "start");
        await client.WaitForAsync(order, "paid", TimeSpan.FromMinutes(2));
    }

    /// <summary>
    /// No user of this server may purge a stream, so the test deletes the JetStream store. The worker is re-driven first, because
    /// redelivered orders make it republish their outcomes by itself.
    /// </summary>
    private async Task LostEventsAreRedrivenAsync()
    {
        await SucceedsAsync("nats-server", "stop");
        Directory.Delete(Path.Combine(system.Data, "nats", "jetstream"), recursive: true);
        await SucceedsAsync("nats-server", "start");
        foreach (var resource in new[] { "payment-worker", "order-api" })
        {
            using var http = system.App.CreateHttpClient(resource);
            await Eventually.BeTrueAsync($"{resource} has its streams again",
                async () => (await http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode, Timeout);
        }

        foreach (var resource in new[] { "payment-worker", "order-api" })
            Assert.Matches(
                "^[1-9][0-9]* events were missing; [1-9][0-9]* re-driven.$", (await SucceedsAsync(resource, "redrive")).Message);
    }

    /// <summary>Connects as the user with which the order API replays dead letters.</summary>
    private async Task<NatsConnection> ConnectAsync() =>
        new(new NatsOpts { Url = (await system.App.GetConnectionStringAsync("nats-ops"))!, InboxPrefix = "_INBOX_ops" });

    private async Task<ExecuteCommandResult> SucceedsAsync(string resource, string command, params (string Name, string Value)[] arguments)
    {
        var result = await system.RunAsync(resource, command, arguments);
        Assert.True(result.Success, $"{command}: {result.Message} {result.Data?.Value}");

        // The Aspire CLI and other programs receive only the data.
        if (command is not ("start" or "stop"))
            Assert.True(result.Data is { Format: CommandResultFormat.Json or CommandResultFormat.Markdown, Value.Length: > 0 },
                $"{command} returns no data");
        return result;
    }

    private async Task<int> CountAsync(string status)
    {
        var count = 0;
        string? cursor = null;
        do
        {
            var page = await client.Http.GetFromJsonAsync<JsonElement>(
                $"/orders?status={status}&limit=100{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            count += page.GetProperty("items").GetArrayLength();
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        return count;
    }
}
