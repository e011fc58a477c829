using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A connection as one of the system's NATS users, for tests of forbidden operations.</summary>
internal sealed class NatsSession : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> refusals = new();

    internal NatsSession(NatsServer server, string user)
    {
        Connection = new NatsConnection(
            new NatsOpts { Url = server.UrlOf(user), InboxPrefix = $"_INBOX_{user}", RequestTimeout = TimeSpan.FromSeconds(3) });
        Connection.ServerError += (_, error) =>
        {
            if (error.Kind == NatsServerErrorKind.PermissionsViolation)
                refusals.Enqueue(error.Error);
            return ValueTask.CompletedTask;
        };
        JetStream = new NatsJSContext(Connection);
    }

    internal NatsConnection Connection { get; }

    internal NatsJSContext JetStream { get; }

    internal TopologyProvisioner Topology(JetStreamOptions? options = null) =>
        new(JetStream, Options.Create(options ?? new()), NullLogger<TopologyProvisioner>.Instance);

    /// <summary>Publishes, and returns when the server has reported a permissions violation.</summary>
    internal async Task PublishRefusedAsync(string subject, string body = "", NatsHeaders? headers = null, string? replyTo = null)
    {
        await Connection.PublishAsync(subject, Encoding.UTF8.GetBytes(body), headers, replyTo, NatsRawSerializer<byte[]>.Default);
        await RefusedAsync($"Publish to \"{subject}\"");
    }

    /// <summary>Subscribes, and returns when the server has reported a permissions violation.</summary>
    internal async Task SubscribeRefusedAsync(string subject)
    {
        await using var subscription = await Connection.SubscribeCoreAsync<byte[]>(subject);
        await RefusedAsync($"Subscription to \"{subject}\"");
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private async Task RefusedAsync(string what)
    {
        // The server reports an error of a command before it answers the ping that follows it.
        await Connection.PingAsync();
        await Eventually.BeTrueAsync(
            $"the server reports a permissions violation: {what}",
            () => Task.FromResult(refusals.Any(refusal => refusal.Contains(what, StringComparison.OrdinalIgnoreCase))),
            TimeSpan.FromSeconds(5));
    }
}

/// <summary>One server with the system's users and topology, shared by the tests of forbidden operations.</summary>
public sealed class NatsPermissionsFixture : IAsyncLifetime
{
    internal NatsServer Server { get; private set; } = null!;

    internal NatsSession Administrator { get; private set; } = null!;

    /// <summary>Starts the server and creates the topology as the provisioning user.</summary>
    public async ValueTask InitializeAsync()
    {
        Server = await NatsServer.StartAsync();
        await using var provisioning = new NatsSession(Server, NatsUsers.Provisioning);
        var report = await provisioning.Topology().EnsureAsync(TestContext.Current.CancellationToken);
        Assert.Equal((5, 0), (report.Done.Count, report.NotAllowed.Count));
        Administrator = new(Server, "tests");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Administrator.DisposeAsync();
        await Server.DisposeAsync();
    }

    internal async Task<long> CountAsync(string stream) => (await Administrator.JetStream.GetStreamAsync(stream)).Info.State.Messages;
}
