using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrderSystem.ServiceDefaults.Telemetry;

/// <summary>
/// Gauges that query a server every ten seconds. A failed sample reports nothing, so that a stale value is never taken for a current one.
/// </summary>
/// <typeparam name="TSample">The values that one query measures.</typeparam>
/// <param name="time">Times the samples.</param>
/// <param name="logger">The logger of the derived class.</param>
public abstract partial class SampledGauges<TSample>(TimeProvider time, ILogger logger) : BackgroundService
    where TSample : class
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SampleTimeout = TimeSpan.FromSeconds(5);
    private TSample? last;

    /// <summary>Takes a sample.</summary>
    /// <param name="cancellationToken">Cancelled after five seconds.</param>
    /// <returns>The sample; after an exception or null the gauges report nothing until the next one.</returns>
    protected abstract Task<TSample?> SampleAsync(CancellationToken cancellationToken);

    /// <summary>One value of the last sample, for an observable gauge; empty without a sample.</summary>
    protected IEnumerable<Measurement<TValue>> Measure<TValue>(Func<TSample, TValue> value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where TValue : struct => last is { } sample ? [new(value(sample), tags)] : [];

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            deadline.CancelAfter(SampleTimeout);
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

    [LoggerMessage(
        EventId = 102, Level = LogLevel.Debug,
        Message = "{Gauges} could not be measured ({Error}); they report nothing until the next sample.")]
    private static partial void LogFailed(ILogger logger, string gauges, string error);
}
