using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.JetStream;

/// <summary>The state of JetStream as one service needs it.</summary>
/// <param name="Differences">Streams and consumers that are missing or differ from their declaration, each in a line.</param>
/// <param name="Consumer">The service's durable consumer; null when it does not exist.</param>
/// <param name="DeadLetters">Messages on the stream of dead letters; null when the stream does not exist.</param>
internal sealed record JetStreamState(IReadOnlyList<string> Differences, ConsumerState? Consumer, long? DeadLetters);

/// <summary>Messages of a durable consumer.</summary>
/// <param name="Pending">Never delivered yet.</param>
/// <param name="AckPending">Delivered and not yet acknowledged.</param>
/// <param name="Redelivered">Those of them that were delivered more than once.</param>
internal sealed record ConsumerState(long Pending, long AckPending, long Redelivered);

/// <summary>
/// Polls the state of JetStream every ten seconds for all who need it: the gauges, the health check and the watchdog of the
/// consumer. If streams or consumers are missing or differ, it then restores the declared topology: the consumer loop would notice
/// only the loss of its own stream. At last it has the position of the consumer kept.
/// </summary>
internal sealed partial class JetStreamMonitor(
    ConsumerDeclaration consumer, TopologyProvisioner topology, PositionKeeper position, TimeProvider time,
    ILogger<JetStreamMonitor> logger)
    : PeriodicService(Period, time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private TaskCompletionSource<JetStreamState> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile JetStreamState? last;

    /// <summary>Logged last, so that a permanent difference is logged once.</summary>
    private string? mismatch;

    protected override bool RunsAtStart => true;

    /// <summary>The state at the last poll; null when it failed, so that a stale value is never taken for a current one.</summary>
    internal JetStreamState? Last => last;

    /// <summary>Waits for the next poll that succeeds.</summary>
    internal Task<JetStreamState> NextAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref next).Task.WaitAsync(cancellationToken);

    /// <summary>Asks the server now. Changes nothing.</summary>
    /// <exception cref="NatsException">The server did not answer, or refused.</exception>
    internal async Task<JetStreamState> PollAsync(CancellationToken cancellationToken)
    {
        var (differences, infos) = await topology.InspectAsync(cancellationToken);
        var found = infos.GetValueOrDefault(consumer.Name);
        var deadLetters = infos.GetValueOrDefault(Topology.DeadLetters);
        return new(
            differences,
            found is null ? null : new((long)found["num_pending"]!, (long)found["num_ack_pending"]!, (long)found["num_redelivered"]!),
            (long?)deadLetters?["state"]!["messages"]);
    }

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        var state = await PollAsync(deadline.Token);
        last = state;
        Interlocked.Exchange(ref next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult(state);
        if (state.Differences.Count > 0)
            await RestoreAsync(deadline.Token);
        await position.KeepAsync(cancellationToken);
    }

    protected override void LogFailure(Exception failure)
    {
        last = null;
        Log.Failed(logger, failure.Message);
    }

    private async Task RestoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            await topology.EnsureAsync(cancellationToken);
        }
        catch (TopologyMismatchException refused)
        {
            if (!string.Equals(Interlocked.Exchange(ref mismatch, refused.Message), refused.Message, StringComparison.Ordinal))
                Log.Refused(logger, refused.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1603, Level = LogLevel.Error, Message = "JetStream topology mismatch: {Difference}")]
        internal static partial void Refused(ILogger logger, string difference);

        [LoggerMessage(EventId = 1604, Level = LogLevel.Debug, Message = "JetStream not polled ({Error}); its gauges are not reported.")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
