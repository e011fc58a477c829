using NATS.Client.Core;
using NATS.Client.JetStream;

namespace NATS.Net;

public static class NatsClientExtensions
{
    public static INatsJSContext CreateJetStreamContext(this INatsClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new NatsJSContext(client.Connection);
    }

    public static INatsJSContext CreateJetStreamContext(this INatsConnection connection) => new NatsJSContext(connection);

    public static INatsJSContext CreateJetStreamContext(this INatsClient client, NatsJSOpts opts)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new NatsJSContext(client.Connection, opts);
    }

    public static INatsJSContext CreateJetStreamContext(this INatsConnection connection, NatsJSOpts opts) => new NatsJSContext(connection, opts);
}
