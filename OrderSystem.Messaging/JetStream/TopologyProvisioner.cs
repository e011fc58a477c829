using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Compares the declared topology with the server: makes what is missing, applies what is safe, refuses what is not. What the connection's user
/// may not do is left to whoever may: the migrate verb, or the service that a stream or consumer belongs to.
/// </summary>
internal sealed partial class TopologyProvisioner(INatsJSContext jetStream, IOptions<JetStreamOptions> options, ILogger<TopologyProvisioner> logger)
{
    private const int NotFound = 404;
    private const string Api = "$JS.API.";
    private readonly JetStreamOptions settings = options.Value;

    /// <exception cref="TopologyMismatchException">A stream or consumer differs in a way that cannot be changed without losing something.</exception>
    internal async Task<TopologyReport> EnsureAsync(CancellationToken cancellationToken)
    {
        var report = new TopologyReport();
        foreach (var stream in Topology.Streams(settings))
            await EnsureStreamAsync(stream, report, cancellationToken);
        foreach (var consumer in Topology.Consumers)
            await EnsureConsumerAsync(consumer.Stream, consumer.ToConfig(settings), report, cancellationToken);
        return report;
    }

    private async Task EnsureStreamAsync(StreamConfig wanted, TopologyReport report, CancellationToken cancellationToken)
    {
        if (await FindAsync(() => jetStream.GetStreamAsync(wanted.Name!, cancellationToken: cancellationToken)) is not { } stream)
        {
            await MakeAsync("stream", wanted.Name!, $"STREAM.CREATE.{wanted.Name}", token => jetStream.CreateStreamAsync(wanted, token), report, cancellationToken);
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
            await ChangeAsync(differences, $"STREAM.UPDATE.{wanted.Name}", token => jetStream.UpdateStreamAsync(actual, token), report, cancellationToken);
    }

    private async Task EnsureConsumerAsync(string stream, ConsumerConfig wanted, TopologyReport report, CancellationToken cancellationToken)
    {
        var call = $"CONSUMER.CREATE.{stream}.{wanted.Name}";
        if (await FindAsync(() => jetStream.GetConsumerAsync(stream, wanted.Name!, cancellationToken)) is not { } consumer)
        {
            await MakeAsync("consumer", wanted.Name!, call, token => jetStream.CreateOrUpdateConsumerAsync(stream, wanted, token), report, cancellationToken);
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
            await ChangeAsync(differences, call, token => jetStream.CreateOrUpdateConsumerAsync(stream, actual, token), report, cancellationToken);
    }

    private async Task MakeAsync<T>(
        string kind, string name, string call, Func<CancellationToken, ValueTask<T>> make, TopologyReport report, CancellationToken cancellationToken)
    {
        try
        {
            await jetStream.Connection.AskAsync(Api + call, make, cancellationToken);
            Log.Created(logger, kind, name);
            report.Done.Add($"made {kind} {name}");
        }
        catch (NatsRefusedException)
        {
            report.NotAllowed.Add($"{kind} {name} is missing");
        }
    }

    private async Task ChangeAsync<T>(
        TopologyDifferences differences, string call, Func<CancellationToken, ValueTask<T>> change, TopologyReport report, CancellationToken cancellationToken)
    {
        try
        {
            await jetStream.Connection.AskAsync(Api + call, change, cancellationToken);
            Log.Changed(logger, differences.ToString());
            report.Done.Add($"changed {differences}");
        }
        catch (NatsRefusedException)
        {
            Log.NotAllowed(logger, differences.ToString());
            report.NotAllowed.Add($"{differences}");
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

        [LoggerMessage(EventId = 1204, Level = LogLevel.Warning,
            Message = "JetStream {Differences}: this user may not change that. Run the service once with the argument 'migrate' and ConnectionStrings__nats of the provisioning user.")]
        internal static partial void NotAllowed(ILogger logger, string differences);
    }
}

/// <summary>What was done to the server, and what its user was not allowed to do.</summary>
internal sealed class TopologyReport
{
    internal List<string> Done { get; } = [];

    internal List<string> NotAllowed { get; } = [];
}
