using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly.Telemetry;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>The logs (category <c>Polly</c>) and metrics (meter <c>Polly</c>) of the pipelines; see pollydocs.org/advanced/telemetry.</summary>
internal sealed partial class PollyTelemetry(ILoggerFactory? loggers) : TelemetryListener
{
    private static readonly Meter s_meter = new("Polly", "1.0");
    private static readonly Counter<int> s_events = s_meter.CreateCounter<int>("resilience.polly.strategy.events");
    private static readonly Histogram<double> s_attempts = s_meter.CreateHistogram<double>("resilience.polly.strategy.attempt.duration", "ms");
    private static readonly Histogram<double> s_pipelines = s_meter.CreateHistogram<double>("resilience.polly.pipeline.duration", "ms");

    private readonly ILogger _logger = loggers?.CreateLogger("Polly") ?? NullLogger.Instance;

    public override void Write<TResult, TArgs>(in TelemetryEventArguments<TResult, TArgs> args)
    {
        var outcome = args.Outcome is { } result ? result.Exception?.GetType().FullName ?? Describe(result.Result) : null;
        switch (args.Arguments)
        {
            case PipelineExecutingArguments:
                return;
            case PipelineExecutedArguments executed:
                s_pipelines.Record(executed.Duration.TotalMilliseconds, Tags(args.Source, args.Event, args.Outcome?.Exception, args.Context.OperationKey));
                return;
            case ExecutionAttemptArguments attempt:
                var tags = Tags(args.Source, args.Event, args.Outcome?.Exception, args.Context.OperationKey);
                tags.Add("attempt.number", attempt.AttemptNumber);
                tags.Add("attempt.handled", attempt.Handled);
                s_attempts.Record(attempt.Duration.TotalMilliseconds, tags);
                if (attempt.Handled)
                {
                    Log.Attempt(
                        _logger, args.Source.PipelineName, args.Source.StrategyName, attempt.AttemptNumber, outcome, attempt.Duration.TotalMilliseconds);
                }

                return;
            default:
                s_events.Add(1, Tags(args.Source, args.Event, args.Outcome?.Exception, args.Context.OperationKey));
                Log.Event(_logger, LevelOf(args.Event.Severity), args.Event.EventName, args.Source.PipelineName, args.Source.StrategyName, outcome);
                return;
        }
    }

    private static string? Describe(object? result) =>
        result is HttpResponseMessage response ? ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture) : result?.ToString();

    private static LogLevel LevelOf(ResilienceEventSeverity severity) => severity switch
    {
        ResilienceEventSeverity.Debug => LogLevel.Debug,
        ResilienceEventSeverity.Information => LogLevel.Information,
        ResilienceEventSeverity.Warning => LogLevel.Warning,
        ResilienceEventSeverity.Error => LogLevel.Error,
        ResilienceEventSeverity.Critical => LogLevel.Critical,
        _ => LogLevel.None,
    };

    private static TagList Tags(ResilienceTelemetrySource source, ResilienceEvent @event, Exception? exception, string? operationKey)
    {
        var tags = new TagList { { "event.name", @event.EventName }, { "event.severity", @event.Severity.ToString() } };
        if (source.PipelineName is { } pipeline) tags.Add("pipeline.name", pipeline);
        if (source.PipelineInstanceName is { } instance) tags.Add("pipeline.instance", instance);
        if (source.StrategyName is { } strategy) tags.Add("strategy.name", strategy);
        if (operationKey is not null) tags.Add("operation.key", operationKey);
        if (exception is not null) tags.Add("exception.type", exception.GetType().FullName);
        return tags;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 0, EventName = "ResilienceEvent", Message = "Resilience event {EventName} of {Pipeline}/{Strategy}: {Result}")]
        public static partial void Event(ILogger logger, LogLevel level, string eventName, string? pipeline, string? strategy, string? result);

        [LoggerMessage(3, LogLevel.Warning, "Attempt {Attempt} of {Pipeline}/{Strategy} ended with {Result} after {DurationMs} ms", EventName = "ExecutionAttempt")]
        public static partial void Attempt(ILogger logger, string? pipeline, string? strategy, int attempt, string? result, double durationMs);
    }
}
