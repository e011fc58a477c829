using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>
/// Gauges that somebody has to be asked for, every ten seconds. What cannot be measured is not reported, so that an old figure is never
/// taken for a new one.
/// </summary>
/// <typeparam name="TSample">What is measured at once.</typeparam>
/// <param name="time">The clock.</param>
/// <param name="logger">Of the derived class.</param>
public abstract partial class SampledGauges<TSample>(TimeProvider time, ILogger logger) : BackgroundService
    where TSample : class
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private TSample? last;

    /// <summary>Measures.</summary>
    /// <param name="cancellationToken">Cancelled after five seconds.</param>
    /// <returns>The figures; an exception or null means that there are none now.</returns>
    protected abstract Task<TSample?> SampleAsync(CancellationToken cancellationToken);

    /// <summary>One figure of the last sample, for an observable gauge.</summary>
    protected IEnumerable<Measurement<TValue>> Measure<TValue>(Func<TSample, TValue> value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where TValue : struct => last is { } sample ? [new(value(sample), tags)] : [];

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            deadline.CancelAfter(Patience);
            try
            {
                last = await SampleAsync(deadline.Token);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                last = null;
                LogFailed(logger, GetType().Name, failure.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(EventId = 102, Level = LogLevel.Debug, Message = "{Gauges} could not be measured: {Error}")]
    private static partial void LogFailed(ILogger logger, string gauges, string error);
}
