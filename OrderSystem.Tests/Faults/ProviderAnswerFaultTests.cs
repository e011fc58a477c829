using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Orders whose provider sends unexpected responses.</summary>
public sealed class ProviderAnswerFaultTests
{
    /// <summary>Long in a soak, to find effects that need time; short in the suite.</summary>
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("OUTAGE_SECONDS"), out var seconds) ? seconds : 8);

    private static readonly int PerSecond = int.TryParse(Environment.GetEnvironmentVariable("OUTAGE_RATE"), out var rate) ? rate : 5;

    /// <summary>The kinds of outage: the provider's response to every call, and the cause that the alert has to name.</summary>
    private static readonly Dictionary<string, (ScriptedResponse Answer, string Cause)> Kinds = new(StringComparer.Ordinal)
    {
        ["401"] = (ScriptedResponse.Of(401, "{}"), "credentials"),
        ["403"] = (ScriptedResponse.Of(403, "<html>", "text/html"), "credentials"),
        ["404"] = (ScriptedResponse.Of(404, "{}"), "route"),
        ["429"] = (ScriptedResponse.Of(429, "", null, "Retry-After: 1"), "rate_limit"),
        ["503"] = (ScriptedResponse.Of(503), "server_error"),
        ["silence"] = (ScriptedResponse.Silence, "timeout"),
        ["stalled"] = (ScriptedResponse.Stalled(200, "{"), "timeout"),
        ["garbage"] = (ScriptedResponse.Of(200, "<html>", "text/html"), "contract"),
    };

    public static TheoryData<string> KindsOfOutage => new(Kinds.Keys);

    [Theory]
    [MemberData(nameof(KindsOfOutage))]
    public async Task F38_After_an_outage_of_any_kind_every_order_is_paid_without_manual_review(string kind)
    {
        var (answer, cause) = Kinds[kind];
        await using var system = await FaultSystem.StartAsync(settings: ServiceMetrics.Settings);
        system.Script = new(() => system.Gateway.Address) { Script = _ => answer };
        var orders = (int)(Outage.TotalSeconds * PerSecond);

        await system.Load.RunAsync(new(orders, PerSecond));
        await Eventually.BeTrueAsync($"the alert's metric names {cause}", async () =>
            Regex.IsMatch(
                await ServiceMetrics.ScrapeAsync(system.Workers[0]),
                $$"""^ordersystem_payment_gateway_failing{[^}]*cause="{{cause}}"[^}]*} 1\b""",
                RegexOptions.Multiline));
        var asked = system.Script.Requests.Count;
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {orders} orders, {asked} calls during the outage");

        // A first attempt for each order and the retry budget: with a silent
        // provider, the circuit opens only after the first attempts have timed out.
        Assert.InRange(asked, 6, orders + 20 + (orders / 10) + (3 * (int)Outage.TotalSeconds) + 10);
        Assert.Equal(0L, await CountAsync(system, "status IN ('review', 'declined')"));
        system.Script.Script = _ => null;

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(120));
        Assert.Equal((orders, 0L), (snapshot.Ledger.Count, snapshot.DeadLetters));
        Assert.All(snapshot.Orders, order => Assert.Equal("paid", order.Status));
        await Eventually.BeTrueAsync("the alert's metric is zero again", async () =>
            !(await ServiceMetrics.ScrapeAsync(system.Workers[0])).Split('\n').Any(line =>
                line.StartsWith("ordersystem_payment_gateway_failing{", StringComparison.Ordinal)
                && line.EndsWith(" 1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task F37_Responses_without_a_body_release_their_slots_and_the_next_orders_are_paid()
    {
        await using var system = await FaultSystem.StartAsync(
            settings: [("JetStream__Concurrency", "4"), ("JetStream__Prefetch", "8"), ("Payments__Breaker__MinimumCalls", "10000")]);
        var stalled = 0;
        system.Script = new(() => system.Gateway.Address)
        {
            // As many as four slots can hold, with all of their retries.
            Script = request =>
                request.IsCharge && Interlocked.Increment(ref stalled) <= 12 ? ScriptedResponse.Stalled(200, "{\"id\"") : null,
        };
        await system.Load.RunAsync(new(Orders: 4, PerSecond: 50));
        await Eventually.BeTrueAsync(
            "every slot has received a response without a body", () => Task.FromResult(Volatile.Read(ref stalled) >= 4));
        await system.Load.RunAsync(new(Orders: 10, PerSecond: 50));

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((14, 0L), (snapshot.Ledger.Count, snapshot.DeadLetters));
        Assert.All(snapshot.Orders, order => Assert.Equal("paid", order.Status));
    }

    [Fact]
    public async Task A_charge_answered_with_201_is_looked_up_and_the_order_is_paid()
    {
        await using var system = await FaultSystem.StartAsync(
            settings: [("Payments__ReconcileAfter__0", "00:00:01"), ("Payments__ReconcileAfter__1", "00:00:01")]);
        system.Script = new(() => system.Gateway.Address)
        {
            Script = request => request.IsCharge ? new ScriptedResponse { ForwardedAs = 201 } : null,
        };
        await system.Load.PlaceAsync();

        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("paid", Assert.Single(snapshot.Orders).Status);
        Assert.Single(snapshot.Ledger);
    }

    [Theory]
    [InlineData("card\\u0000\\u0001declined")]
    [InlineData("half a pair: \\ud800")]
    [InlineData("LONG")]
    public async Task M9_A_decline_reason_that_cannot_be_stored_is_cleaned_and_fails_the_payment(string reason)
    {
        await using var system = await FaultSystem.StartAsync();
        var text = reason.Replace("LONG", new string('x', 60_000), StringComparison.Ordinal);
        system.Script = new(() => system.Gateway.Address)
        {
            Script = request => request.IsCharge
                ? ScriptedResponse.Of(
                    402, $$"""{"id":"ch_1","status":"declined","reason":"{{text}}"}""", "application/json; charset=klingon")
                : null,
        };
        using var client = new Client(system.ApiAddresses[0]);

        var order = await client.WaitForAsync(await client.PlaceAsync(), "paymentFailed");

        Assert.InRange(order.GetProperty("reason").GetString()!.Length, 1, 500);
        Assert.DoesNotContain(order.GetProperty("reason").GetString()!, char.IsControl);
        await system.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task A_long_Retry_After_postpones_the_payment_and_acknowledges_its_message()
    {
        await using var system = await FaultSystem.StartAsync();
        system.Script = new(() => system.Gateway.Address)
        {
            Script = request => request.IsCharge ? ScriptedResponse.Of(429, "", null, "Retry-After: 900") : null,
        };
        await system.Load.PlaceAsync();

        await Eventually.BeTrueAsync("the payment waits for a quarter of an hour", async () =>
            await CountAsync(
                system,
                "status = 'charging' AND attempts = 0 "
                    + "AND lease_until BETWEEN now() + interval '14 minutes' AND now() + interval '15 minutes'") == 1);
        await Eventually.BeTrueAsync("its message is acknowledged",
            async () => await Sql.ScalarAsync<long>(system.PaymentsDatabase, "SELECT count(*) FROM inbox") == 1);

        // Makes the payment due, as it would be a quarter of an hour later.
        system.Script.Script = _ => null;
        await Sql.ExecuteAsync(
            system.PaymentsDatabase, "UPDATE payments SET lease_until = now(), updated_at = now() - interval '15 minutes'");
        var snapshot = await system.AuditAsync();
        Assert.Equal("paid", Assert.Single(snapshot.Orders).Status);
    }

    [Fact]
    public async Task The_worker_sends_its_credentials_and_reads_them_again_after_a_401()
    {
        var folder = Directory.CreateTempSubdirectory("ordersystem-secrets-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Payments__BearerToken"), "old-token\n");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Payments__Headers__X-Api-Key"), "key-17\n");
        await using var system = await FaultSystem.StartAsync(settings: [("SECRETS_PATH", folder.FullName)]);
        system.Script = new(() => system.Gateway.Address)
        {
            Script = request => request.Headers.GetValueOrDefault("Authorization") == "Bearer new-token"
                && request.Headers.GetValueOrDefault("X-Api-Key") == "key-17"
                ? null : ScriptedResponse.Of(401, "{}"),
        };
        await system.Load.PlaceAsync();
        await Eventually.BeTrueAsync("the old token is rejected", () => Task.FromResult(
            system.Script.Requests.Any(request => request.Headers.GetValueOrDefault("Authorization") == "Bearer old-token")));

        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Payments__BearerToken"), "new-token\n");

        var snapshot = await system.AuditAsync();
        Assert.Equal("paid", Assert.Single(snapshot.Orders).Status);
        Assert.All(system.AllInstances, service => Assert.DoesNotMatch("(old|new)-token|key-17", service.Output));
        folder.Delete(recursive: true);
    }

    private static Task<long> CountAsync(FaultSystem system, string condition) =>
        Sql.ScalarAsync<long>(system.PaymentsDatabase, $"SELECT count(*) FROM payments WHERE {condition}");
}
