using Microsoft.Extensions.Hosting;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>
/// A background service that does the same work once a period. A run that fails is logged by the service, and the next period tries again.
/// </summary>
/// <param name="period">From the start of one run to the start of the next; null: it never runs.</param>
/// <param name="time">Clock.</param>
public abstract class PeriodicService(TimeSpan? period, TimeProvider time) : BackgroundService
{
    /// <summary>Whether the first run starts at once instead of after a period.</summary>
    protected virtual bool RunsAtStart => false;

    /// <summary>One run.</summary>
    /// <param name="cancellationToken">Cancelled when the service stops.</param>
    protected abstract Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Logs why a run failed.</summary>
    protected abstract void LogFailure(Exception failure);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (period is not { } interval)
            return;
        using var timer = new PeriodicTimer(interval, time);
        var runsNow = RunsAtStart;
        while (runsNow || await timer.WaitForNextTickAsync(stoppingToken))
        {
            runsNow = false;
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(failure);
            }
        }
    }
}
