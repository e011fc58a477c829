using NATS.Client.Core;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A password that changes while everything runs.</summary>
public sealed class NatsRotationTests : IDisposable
{
    private readonly string secrets = Directory.CreateTempSubdirectory("secrets-").FullName;

    public void Dispose() => Directory.Delete(secrets, recursive: true);

    [Fact]
    public async Task A_service_takes_the_new_password_from_its_file_and_goes_on_without_a_restart()
    {
        await using var system = await RunningSystem.StartAsync();
        var old = system.Nats.UrlOf(NatsUsers.OrderApi);
        await WriteAsync(old);
        await using var api = await system.StartServiceAsync("OrderSystem.OrderApi", ("SECRETS_PATH", secrets));
        await system.OrderApi.StopAsync();
        using var client = new Client(api.Address);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        // The server first: the service is thrown out, takes orders into its outbox meanwhile, and asks again with what its file says.
        await system.Nats.ChangePasswordAsync(NatsUsers.OrderApi, "changed");
        await Eventually.BeTrueAsync("the service is thrown out", async () => !(await client.Http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode);
        var order = await client.PlaceAsync();
        await WriteAsync(old.Replace(NatsUsers.PasswordOf(NatsUsers.OrderApi), "changed", StringComparison.Ordinal));

        await client.WaitForAsync(order, "paid");
        await using var stale = new NatsConnection(new NatsOpts { Url = old });
        await Assert.ThrowsAnyAsync<NatsException>(async () => await stale.ConnectAsync());
        Assert.DoesNotContain("changed@", api.Output, StringComparison.Ordinal);
    }

    /// <summary>In one step, as Kubernetes does it.</summary>
    private async Task WriteAsync(string url)
    {
        var file = Path.Combine(secrets, "ConnectionStrings__nats");
        await File.WriteAllTextAsync(file + ".new", url);
        File.Move(file + ".new", file, overwrite: true);
    }
}
