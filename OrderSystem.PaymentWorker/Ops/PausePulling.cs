using OrderSystem.Messaging.JetStream;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>
/// <c>POST /ops/pause</c> and <c>/ops/resume</c>: whether this process takes orders from the stream. What it has taken it finishes, and outcomes
/// that are still unknown it goes on asking for. A process that starts again pulls again.
/// </summary>
internal static partial class PausePulling
{
    internal static void MapPausePulling(this IEndpointRouteBuilder ops)
    {
        ops.MapPost("/pause", (PullGate gate, ILogger<Program> logger) =>
        {
            if (gate.Pause())
                Log.Paused(logger);
            return TypedResults.NoContent();
        });
        ops.MapPost("/resume", (PullGate gate, ILogger<Program> logger) =>
        {
            if (gate.Resume())
                Log.Resumed(logger);
            return TypedResults.NoContent();
        });
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "Pulling is paused by an operator, until it is resumed.")]
        internal static partial void Paused(ILogger logger);

        [LoggerMessage(EventId = 3302, Level = LogLevel.Information, Message = "Pulling is resumed.")]
        internal static partial void Resumed(ILogger logger);
    }
}
