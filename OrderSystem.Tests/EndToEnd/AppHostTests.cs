using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Testing;
using Npgsql;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>
/// The AppHost as a developer runs it, inside a test: every resource comes up and an order gets paid. Its servers are local processes;
/// eng/container-test.sh runs the same with Infrastructure=containers.
/// </summary>
public sealed class AppHostTests
{
    [Fact]
    public async Task The_whole_system_comes_up_and_an_order_gets_paid()
    {
        var data = Directory.CreateTempSubdirectory("ordersystem-apphost-");
        Tokens.Share(data);
        try
        {
            var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.OrderSystem_AppHost>(
                [
                    $"--Infrastructure={Environment.GetEnvironmentVariable("Infrastructure") ?? "local"}",
                    $"--Infrastructure:Data={data.FullName}",
                ]);
            await using var app = await builder.BuildAsync();
            await app.StartAsync().WaitAsync(TimeSpan.FromMinutes(2));
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            foreach (var resource in new[] { "order-api", "payment-worker", "payment-gateway" })
                await app.ResourceNotifications.WaitForResourceHealthyAsync(resource, deadline.Token);

            using var http = app.CreateHttpClient("order-api");
            using var client = new Client(http.BaseAddress!);
            var order = await client.PlaceAsync();
            var paid = await client.WaitForAsync(order, "paid");
            Assert.Equal(39.98m, paid.GetProperty("total").GetDecimal());

            using var gateway = app.CreateHttpClient("payment-gateway");
            var charges = await gateway.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}");
            Assert.Equal(39.98m, Assert.Single(charges.EnumerateArray()).GetProperty("amount").GetDecimal());
            await RequiresThePasswordAsync(await app.GetConnectionStringAsync("orders"));
            await app.StopAsync();
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    /// <summary>Other accounts of this machine can reach the database, too.</summary>
    private static async Task RequiresThePasswordAsync(string? connectionString)
    {
        Assert.Equal(1, await Sql.ScalarAsync<int>(connectionString!, "SELECT 1"));
        var wrong = new NpgsqlConnectionStringBuilder(connectionString) { Password = "not-the-password" };
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(wrong.ConnectionString, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }
}
