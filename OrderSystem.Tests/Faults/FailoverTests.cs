using System.Net;
using Npgsql;
using OrderSystem.Messaging.Connections;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Several PostgreSQL hosts in a connection string: the services use the one that accepts writes.</summary>
public sealed class FailoverTests(SharedSystem shared)
{
    [Fact]
    public async Task F41_The_system_recovers_by_itself_when_the_primary_dies_and_the_standby_is_promoted()
    {
        await using var system = await RunningSystem.StartAsync(hasStandby: true);
        await system.Postgres.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = '*'");
        await system.Postgres.ExecuteAsync("SELECT pg_reload_conf()");
        using var client = new Client(system.OrderApi.Address);
        var before = await client.PlaceAsync();
        await client.WaitForAsync(before, "paid");
        var placed = new List<Guid>();
        for (var i = 0; i < 20; i++)
            placed.Add(await client.PlaceAsync());

        await system.Postgres.KillAsync();
        await Eventually.BeTrueAsync("orders are rejected with 503", async () =>
        {
            using var answer = await client.Http.PostAsync("/orders", Order());
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is not null;
        });
        await system.Standby!.PromoteAsync();

        await Eventually.BeTrueAsync("orders are accepted", async () =>
        {
            using var answer = await client.Http.PostAsync("/orders", Order());
            return answer.StatusCode == HttpStatusCode.Created;
        });
        placed.Add(await client.PlaceAsync());
        foreach (var order in placed)
            await client.WaitForAsync(order, "paid", TimeSpan.FromSeconds(60));
        Assert.Equal("paid", (await client.GetAsync(before)).GetProperty("status").GetString());
        foreach (var service in system.Services.Where(service => service != system.Gateway))
            await Eventually.BeTrueAsync("the service is healthy",
                async () => (await client.Http.GetAsync(new Uri(service.Address, "/health"))).StatusCode == HttpStatusCode.OK);

        // The migrate command and an operator command use the new primary, too, with the same connection string.
        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.OrderApi", system.MigrationEnvironment(), "migrate");
        Assert.True(exitCode == 0, output);
        (exitCode, output) = await ServiceProcess.RunAsync(
            "OrderSystem.PaymentWorker", system.Environment("OrderSystem.PaymentWorker"), "payments", "list");
        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [InlineData("any")]
    [InlineData("standby")]
    [InlineData("prefer-standby")]
    [InlineData("prefer-primary")]
    [InlineData("read-only")]
    public async Task Target_session_attributes_that_allow_a_standby_are_rejected_in_one_line(string attributes)
    {
        var environment = (await shared.StartedAsync()).Environment();
        environment["ConnectionStrings__orders"] =
            $"Host=127.0.0.1,127.0.0.2;Database=orders;Username=x;Password=only-for-tests;Target Session Attributes={attributes}";
        foreach (var arguments in new string[][] { [], ["migrate"], ["audit"] })
        {
            var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.OrderApi", environment, arguments);

            Assert.NotEqual(0, exitCode);
            Assert.Single(output.Split('\n'), line => line.Contains("may send writes to a read-only standby", StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
            Assert.DoesNotContain("only-for-tests", output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Host=a;Username=x", null)]
    [InlineData("Host=a,b;Username=x", "primary")]
    [InlineData("Host=a:1,b:2;Username=x;Target Session Attributes=Primary", "primary")]
    [InlineData("Server=a,b;Username=x;TargetSessionAttributes=read-write", "read-write")]
    [InlineData("Host=a;Target Session Attributes=any", "any")]
    public void Several_hosts_get_target_session_attributes_primary_unless_set(string given, string? attributes)
    {
        Assert.True(PostgresHosts.LeadToPrimary(given));
        Assert.Equal(attributes, PostgresHosts.ToPrimary(given).TargetSessionAttributes);
    }

    [Fact]
    public async Task A_read_only_standby_is_skipped()
    {
        await using var primary = await PostgresServer.StartAsync();
        await using var standby = await primary.StartStandbyAsync();
        var both =
            $"Host=127.0.0.1:{standby.Port},127.0.0.1:{primary.Port};Username=postgres;Password={PostgresTemplate.Password};Pooling=false";

        Assert.True(await IsStandbyAsync(both));
        Assert.False(await IsStandbyAsync(PostgresHosts.ToPrimary(both).ConnectionString));

        static async Task<bool> IsStandbyAsync(string connectionString)
        {
            await using var database = NpgsqlDataSource.Create(connectionString);
            await using var command = database.CreateCommand("SELECT pg_is_in_recovery()");
            return (bool)(await command.ExecuteScalarAsync())!;
        }
    }

    private static StringContent Order() =>
        new("""{"customerId":"c-17","currency":"EUR","items":[{"sku":"SKU-1","quantity":1,"unitPrice":19.99}]}""",
            System.Text.Encoding.UTF8, "application/json");
}
