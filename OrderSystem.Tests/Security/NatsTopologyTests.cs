using System.Diagnostics;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Which NATS user may create and change streams and consumers.</summary>
public sealed class NatsTopologyTests : IAsyncLifetime
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private NatsServer server = null!;
    private NatsSession administrator = null!;

    public async ValueTask InitializeAsync()
    {
        server = await NatsServer.StartAsync();
        administrator = new(server, "tests");
    }

    public async ValueTask DisposeAsync()
    {
        await administrator.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Missing_streams_and_consumers_are_recreated_by_the_service_that_owns_them()
    {
        await using var api = new NatsSession(server, NatsUsers.OrderApi);
        await using var worker = new NatsSession(server, NatsUsers.PaymentWorker);

        // Each service creates its own part. The consumer of the order API needs
        // a stream of the worker, so that only its second attempt succeeds.
        await Assert.ThrowsAnyAsync<Exception>(() => api.Topology().EnsureAsync(cancellationToken));
        await worker.Topology().EnsureAsync(cancellationToken);
        var report = await api.Topology().EnsureAsync(cancellationToken);

        Assert.Equal(["created consumer PAYMENT_RESULTS"], report.Done);
        Assert.Empty(report.NotAllowed);
        Assert.Equal(
            ["DEAD_LETTERS", "ORDERS", "PAYMENTS"],
            await administrator.JetStream.ListStreamNamesAsync(cancellationToken: cancellationToken)
                .Order().ToListAsync(cancellationToken));
    }

    [Fact]
    public async Task A_service_that_may_not_change_a_stream_reports_it_at_once_and_continues()
    {
        await administrator.Topology().EnsureAsync(cancellationToken);
        await ShortenAsync("ORDERS");
        await using var api = new NatsSession(server, NatsUsers.OrderApi);

        var started = Stopwatch.GetTimestamp();
        var report = await api.Topology().EnsureAsync(cancellationToken);

        Assert.Contains("max_age", Assert.Single(report.NotAllowed), StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2));
        Assert.Equal(
            TimeSpan.FromDays(1),
            (await administrator.JetStream.GetStreamAsync("ORDERS", cancellationToken: cancellationToken)).Info.Config.MaxAge);
    }

    [Fact]
    public async Task The_migrate_command_changes_a_stream_only_as_the_provisioning_user()
    {
        var postgres = await PostgresServer.StartAsync();
        await using var _ = postgres;
        await administrator.Topology().EnsureAsync(cancellationToken);
        await ShortenAsync("PAYMENTS");

        var (refused, why) = await MigrateAsync(NatsUsers.OrderApi, postgres);
        Assert.Equal(1, refused);
        Assert.Contains("provisioning user", why, StringComparison.Ordinal);

        var (done, said) = await MigrateAsync(NatsUsers.Provisioning, postgres);
        Assert.True(done == 0, said);
        Assert.Contains("updated stream PAYMENTS", said, StringComparison.Ordinal);
        Assert.Equal(
            new JetStreamOptions().MaxAge,
            (await administrator.JetStream.GetStreamAsync("PAYMENTS", cancellationToken: cancellationToken)).Info.Config.MaxAge);
    }

    private async Task ShortenAsync(string stream)
    {
        var config = (await administrator.JetStream.GetStreamAsync(stream, cancellationToken: cancellationToken)).Info.Config;
        config.MaxAge = TimeSpan.FromDays(1);
        await administrator.JetStream.UpdateStreamAsync(config, cancellationToken);
    }

    private Task<(int ExitCode, string Output)> MigrateAsync(string user, PostgresServer postgres) => ServiceProcess.RunAsync(
        "OrderSystem.OrderApi",
        new Dictionary<string, string>
        {
            ["ConnectionStrings__nats"] = server.UrlOf(user), ["ConnectionStrings__orders"] = postgres.ConnectionString("orders"),
        },
        "migrate");
}
