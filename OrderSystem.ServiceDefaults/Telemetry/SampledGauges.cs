using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>
/// Gauges that are sampled every ten seconds. A failed sample reports nothing, so that a stale value is never taken for a current one.
/// </summary>
/// <typeparam name="TSample">What one sample measures.</typeparam>
/// <param name="time">Clock.</param>
/// <param name="logger">Of the derived class.</param>
public abstract partial class SampledGauges<TSample>(TimeProvider time, ILogger logger) : PeriodicService(Period, time)
    where TSample : class
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private TSample? last;

    /// <inheritdoc/>
    protected sealed override bool RunsAtStart => true;

    /// <summary>Takes a sample.</summary>
    /// <param name="cancellationToken">Cancelled after five seconds.</param>
    /// <returns>The values; an exception or null means that there are none now.</returns>
    protected abstract Task<TSample?> SampleAsync(CancellationToken cancellationToken);

    /// <summary>One value of the last sample, for an observable gauge.</summary>
    protected IEnumerable<Measurement<TValue>> Measure<TValue>(
        Func<TSample, TValue> value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where TValue : struct => last is { } sample ? [new(value(sample), tags)] : [];

    /// <inheritdoc/>
    protected sealed override async Task RunAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        last = await SampleAsync(deadline.Token);
    }

    /// <inheritdoc/>
    protected sealed override void LogFailure(Exception failure)
    {
        last = null;
        LogFailed(logger, GetType().Name, failure.Message);
    }

    [LoggerMessage(EventId = 102, Level = LogLevel.Debug, Message = "Sampling {Gauges} failed ({Error}); their values are not reported.")]
    private static partial void LogFailed(ILogger logger, string gauges, string error);
}
