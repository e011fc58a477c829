using Npgsql;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Ops.Payments;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>
/// <c>POST /ops/pause</c> and <c>/ops/resume</c>: whether this process pulls orders from the stream. While paused it finishes the messages
/// in flight and still resolves unknown outcomes. A restarted process pulls again.
/// </summary>
internal static partial class PausePulling
{
    internal static void MapPausePulling(this IEndpointRouteBuilder ops)
    {
        ops.MapPost("/pause", PauseAsync);
        ops.MapPost("/resume", ResumeAsync);
    }

    private static async Task<IResult> PauseAsync(
        HttpRequest http, PullGate gate, NpgsqlDataSource database, ILogger<Program> logger, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        if (!gate.Pause())
            return TypedResults.NoContent();
        Log.Paused(logger, by);
        return await RecordAsync(database, OperatorAction.Pause, by, logger, cancellationToken);
    }

    private static async Task<IResult> ResumeAsync(
        HttpRequest http, PullGate gate, NpgsqlDataSource database, ILogger<Program> logger, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        if (!gate.Unpause())
            return TypedResults.NoContent();
        Log.Resumed(logger, by);
        return await RecordAsync(database, OperatorAction.Resume, by, logger, cancellationToken);
    }

    /// <summary>The action has taken effect by now: an unavailable database must not keep an operator from pausing a worker.</summary>
    private static async Task<IResult> RecordAsync(
        NpgsqlDataSource database, string action, Operator by, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await OperatorAction.AddAsync(
                connection, orderId: null, action, by, $"process {Environment.ProcessId} on {Environment.MachineName}", cancellationToken);
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            Log.NotRecorded(logger, action, by, failure.Message);
        }

        return TypedResults.NoContent();
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 3301, Level = LogLevel.Warning,
            Message = "Pulling paused by {Operator}; this process takes no orders until it is resumed or restarted.")]
        internal static partial void Paused(ILogger logger, Operator @operator);

        [LoggerMessage(
            EventId = 3302, Level = LogLevel.Information,
            Message = "Pulling resumed by {Operator}; this process takes orders again unless the circuit is open.")]
        internal static partial void Resumed(ILogger logger, Operator @operator);

        [LoggerMessage(
            EventId = 3303, Level = LogLevel.Warning,
            Message = "Operator action {Action} by {Operator} could not be recorded ({Error}); it took effect nevertheless.")]
        internal static partial void NotRecorded(ILogger logger, string action, Operator @operator, string error);
    }
}
