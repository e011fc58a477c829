using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Compares the declared topology with the server: makes what is missing, applies what is safe, refuses what is not.</summary>
internal sealed partial class TopologyProvisioner(INatsJSContext jetStream, IOptions<JetStreamOptions> options, ILogger<TopologyProvisioner> logger)
{
    private const int NotFound = 404;
    private readonly JetStreamOptions settings = options.Value;

    /// <exception cref="TopologyMismatchException">A stream or consumer differs in a way that cannot be changed without losing something.</exception>
    internal async Task EnsureAsync(CancellationToken cancellationToken)
    {
        foreach (var stream in Topology.Streams(settings))
            await EnsureStreamAsync(stream, cancellationToken);
        foreach (var consumer in Topology.Consumers)
            await EnsureConsumerAsync(consumer.Stream, consumer.ToConfig(settings), cancellationToken);
    }

    private async Task EnsureStreamAsync(StreamConfig wanted, CancellationToken cancellationToken)
    {
        if (await FindAsync(() => jetStream.GetStreamAsync(wanted.Name!, cancellationToken: cancellationToken)) is not { } stream)
        {
            await jetStream.CreateStreamAsync(wanted, cancellationToken);
            Log.Created(logger, "stream", wanted.Name!);
            return;
        }

        // The server's own copy is changed and sent back, so that what this declaration does not speak of stays as an operator set it.
        var actual = stream.Info.Config;
        var differences = new TopologyDifferences($"stream {wanted.Name}");
        differences.Refuse("storage", actual.Storage, wanted.Storage);
        differences.Refuse("retention", actual.Retention, wanted.Retention);
        differences.RefuseIf(actual.Subjects?.Except(wanted.Subjects!).Any() == true, "subjects", Join(actual.Subjects), Join(wanted.Subjects));
        differences.RefuseIf(actual.MaxAge != TimeSpan.Zero && actual.MaxAge > wanted.MaxAge, "max_age", actual.MaxAge, wanted.MaxAge);
        differences.Apply("subjects", Join(actual.Subjects), Join(wanted.Subjects), () => actual.Subjects = wanted.Subjects);
        differences.Apply("max_age", actual.MaxAge, wanted.MaxAge, () => actual.MaxAge = wanted.MaxAge);
        differences.Apply("discard", actual.Discard, wanted.Discard, () => actual.Discard = wanted.Discard);
        differences.Apply("max_msg_size", actual.MaxMsgSize, wanted.MaxMsgSize, () => actual.MaxMsgSize = wanted.MaxMsgSize);
        differences.Apply("duplicate_window", actual.DuplicateWindow, wanted.DuplicateWindow, () => actual.DuplicateWindow = wanted.DuplicateWindow);
        differences.Apply("num_replicas", actual.NumReplicas, wanted.NumReplicas, () => actual.NumReplicas = wanted.NumReplicas);
        if (differences.ThrowIfRefused().Any)
        {
            await jetStream.UpdateStreamAsync(actual, cancellationToken);
            Log.Changed(logger, differences.ToString());
        }
    }

    private async Task EnsureConsumerAsync(string stream, ConsumerConfig wanted, CancellationToken cancellationToken)
    {
        if (await FindAsync(() => jetStream.GetConsumerAsync(stream, wanted.Name!, cancellationToken)) is not { } consumer)
        {
            await jetStream.CreateOrUpdateConsumerAsync(stream, wanted, cancellationToken);
            Log.Created(logger, "consumer", wanted.Name!);
            return;
        }

        var actual = consumer.Info.Config;
        var differences = new TopologyDifferences($"consumer {wanted.Name} of stream {stream}");
        differences.Refuse("ack_policy", actual.AckPolicy, wanted.AckPolicy);
        differences.Refuse("deliver_policy", actual.DeliverPolicy, wanted.DeliverPolicy);
        differences.Refuse("deliver_subject", actual.DeliverSubject, wanted.DeliverSubject);
        differences.Apply("ack_wait", actual.AckWait, wanted.AckWait, () => actual.AckWait = wanted.AckWait);
        differences.Apply("max_deliver", actual.MaxDeliver, wanted.MaxDeliver, () => actual.MaxDeliver = wanted.MaxDeliver);
        differences.Apply("max_ack_pending", actual.MaxAckPending, wanted.MaxAckPending, () => actual.MaxAckPending = wanted.MaxAckPending);
        if (differences.ThrowIfRefused().Any)
        {
            await jetStream.CreateOrUpdateConsumerAsync(stream, actual, cancellationToken);
            Log.Changed(logger, differences.ToString());
        }
    }

    private static async Task<T?> FindAsync<T>(Func<ValueTask<T>> get)
        where T : class
    {
        try
        {
            return await get();
        }
        catch (NatsJSApiException missing) when (missing.Error.Code == NotFound)
        {
            return null;
        }
    }

    private static string Join(IEnumerable<string>? subjects) => string.Join(", ", (subjects ?? []).Order(StringComparer.Ordinal));

    private static partial class Log
    {
        [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "Made JetStream {Kind} {Name}.")]
        internal static partial void Created(ILogger logger, string kind, string name);

        [LoggerMessage(EventId = 1202, Level = LogLevel.Information, Message = "Changed JetStream {Differences}.")]
        internal static partial void Changed(ILogger logger, string differences);
    }
}
