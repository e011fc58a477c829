using Microsoft.Extensions.Configuration;
using NATS.Client.Core;
using OrderSystem.Messaging.Connections;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A NATS password or creds file that is rotated while the services run.</summary>
public sealed class NatsRotationTests : IDisposable
{
    private readonly string secrets = Directory.CreateTempSubdirectory("secrets-").FullName;

    public void Dispose() => Directory.Delete(secrets, recursive: true);

    [Fact]
    public async Task A_service_reconnects_with_the_rotated_password_of_its_file_without_a_restart()
    {
        await using var system = await RunningSystem.StartAsync();
        var old = system.Nats.UrlOf(NatsUsers.OrderApi);
        await WriteAsync(old);
        await using var api = await system.StartServiceAsync("OrderSystem.OrderApi", ("SECRETS_PATH", secrets));
        await system.OrderApi.StopAsync();
        using var client = new Client(api.Address);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");

        // The server changes first: it disconnects the service, which keeps new
        // orders in its outbox and reconnects with the password of its file.
        await system.Nats.ChangePasswordAsync(NatsUsers.OrderApi, "changed");
        await Eventually.BeTrueAsync(
            "the service is disconnected",
            async () => !(await client.Http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode);
        var order = await client.PlaceAsync();
        await WriteAsync(old.Replace(NatsUsers.PasswordOf(NatsUsers.OrderApi), "changed", StringComparison.Ordinal));

        await client.WaitForAsync(order, "paid");
        await using var stale = new NatsConnection(new NatsOpts { Url = old });
        await Assert.ThrowsAnyAsync<NatsException>(async () => await stale.ConnectAsync());
        Assert.DoesNotContain("changed@", api.Output, StringComparison.Ordinal);
    }

    /// <summary>The server closes a connection whose JWT has expired, and the client reads its file again before it reconnects.</summary>
    [Fact]
    public async Task A_renewed_creds_file_is_read_before_the_next_reconnect()
    {
        using var credentials = new NatsCredentials();
        await using var server = await NatsServer.StartAsync(credentials.ServerConfiguration, hasUsers: false);
        await WriteAsync(credentials.CredsOf("first", lifetime: TimeSpan.FromSeconds(5)), "nats.creds");
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Nats:CredsFile", Path.Combine(secrets, "nats.creds"))]).Build();
        var options = new NatsOpts
        {
            Url = $"nats://127.0.0.1:{server.Port}", IgnoreAuthErrorAbort = true,
            ReconnectWaitMin = TimeSpan.FromMilliseconds(100), ReconnectWaitMax = TimeSpan.FromMilliseconds(200),
        };
        await using var nats = new NatsConnection(options.WithAccess(configuration, "nats"));
        var lost = new TaskCompletionSource();
        nats.ConnectionDisconnected += (_, _) =>
        {
            lost.TrySetResult();
            return ValueTask.CompletedTask;
        };
        await nats.ConnectAsync();

        await lost.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        await WriteAsync(credentials.CredsOf("second"), "nats.creds");

        await Eventually.BeTrueAsync("the client is connected with the renewed creds file", async () =>
        {
            await nats.PingAsync();
            return nats.ConnectionState == NatsConnectionState.Open;
        });
    }

    /// <summary>Replaces the file atomically, as Kubernetes does.</summary>
    private async Task WriteAsync(string text, string name = "ConnectionStrings__nats")
    {
        var file = Path.Combine(secrets, name);
        await File.WriteAllTextAsync(file + ".new", text);
        File.Move(file + ".new", file, overwrite: true);
    }
}
