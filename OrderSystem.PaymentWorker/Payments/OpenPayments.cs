using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Options;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Telemetry;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Resumes payments from the database that no message drives any more: unknown outcomes that are due, charges whose worker died, refunds.
/// Workers share them by lease, and a stalled payment blocks no other. While the provider's circuit is open nothing is tried, so that no
/// attempt is used up. Retries are bounded by the retry budget.
/// </summary>
internal sealed partial class OpenPayments(
    DuePayments due, DueRefunds dueRefunds, ProviderHealth provider, RetryBudget budget, PaymentMetrics metrics, Charging charging,
    Refunding refunding, IOptions<GatewayOptions> options, TimeProvider time, ILogger<OpenPayments> logger)
    : BackgroundService
{
    /// <summary>Payments in progress at once.</summary>
    private const int Slots = 16;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Task, byte> running = [];
    private readonly PollSignal signal = new();

    /// <summary>Cancelled when the shutdown timeout has elapsed.</summary>
    private readonly CancellationTokenSource abandon = new();

    /// <summary>The last poll took as many payments as it was allowed to.</summary>
    private volatile bool mayBeMore;
    private int recoveriesSeen;
    private long? recoveredAt;

    /// <summary>Polls now instead of in the next period.</summary>
    internal void PollNow() => signal.Set();

    /// <summary>
    /// Graceful shutdown: takes no more payments and finishes those in progress. An aborted call would leave an unknown outcome.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var timeout = cancellationToken.Register(abandon.Cancel);
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        abandon.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await AdvanceAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure) when (PostgresErrors.IsUnavailable(failure))
            {
                Log.Unavailable(logger, failure.Message);
            }
            catch (Exception failure)
            {
                Log.Failed(logger, failure);
            }

            await signal.WaitAsync(Poll, time, stoppingToken);
        }

        await Task.WhenAll(running.Keys);
    }

    private async Task AdvanceAsync(CancellationToken stopping)
    {
        await MakeDueAsync(stopping);

        // Without messages one of these payments is the half-open probe.
        var free = Slots - running.Count;
        if (free == 0)
            return;
        var limit = provider.Allow(free);
        if (limit < free && !running.IsEmpty)
            limit = 0;
        mayBeMore = limit > 0 && await StartAsync(limit, stopping);
    }

    /// <summary>
    /// After the provider has recovered, payments that wait because of the outage become due at once; and once more when every call that
    /// was in flight then has ended. A wait that is not longer than a lease may be a lease, and stays.
    /// </summary>
    private async Task MakeDueAsync(CancellationToken stopping)
    {
        var recoveries = provider.Recoveries;
        var hasRecovered = recoveries != recoveriesSeen;
        if (!hasRecovered && !(recoveredAt is { } since && time.GetElapsedTime(since) > options.Value.Lease))
            return;
        await due.MakeDueAsync(stopping);
        await dueRefunds.MakeDueAsync(stopping);
        recoveriesSeen = recoveries;
        recoveredAt = hasRecovered ? time.GetTimestamp() : null;
    }

    /// <summary>Refunds of paid orders take up to half of the slots, so that neither they nor charges wait for all of the others.</summary>
    /// <returns>Whether as many were taken as allowed.</returns>
    private async Task<bool> StartAsync(int limit, CancellationToken stopping)
    {
        var (retries, share) = (Math.Min(limit, budget.Available), (limit + 1) / 2);
        var parts = await dueRefunds.LeaseAsync(share, Math.Min(share, retries), stopping);
        foreach (var (refund, traceParent) in parts)
            Begin("refund order", refund.OrderId, traceParent, () => refunding.RefundAsync(refund, abandon.Token));
        limit -= parts.Count;
        retries = Math.Min(limit, retries - parts.Count(part => part.Refund.WasCalled));
        var (charges, refunds) = await due.LeaseAsync(limit, Math.Max(0, retries), stopping);
        metrics.Reconciled("charge", charges.Count);
        metrics.Reconciled("refund", refunds.Count + parts.Count);
        foreach (var (payment, traceParent) in charges)
            Begin("reconcile payment", payment.OrderId, traceParent, () => charging.ChargeAsync(payment, received: null, abandon.Token));
        foreach (var (refund, traceParent) in refunds)
            Begin("refund payment", refund.OrderId, traceParent, () => refunding.RefundAsync(refund, abandon.Token));
        return parts.Count == share || charges.Count + refunds.Count == limit;
    }

    private void Begin(string name, Guid orderId, string? traceParent, Func<Task> work)
    {
        var run = RunAsync(name, orderId, traceParent, work);
        running.TryAdd(run, 0);
        _ = run.ContinueWith(
            ended =>
            {
                running.TryRemove(ended, out _);
                if (mayBeMore)
                    PollNow();
            },
            TaskScheduler.Default);
    }

    /// <summary>
    /// Runs in the trace of the order, which is always sampled from here on. A failed payment is retried when its lease expires.
    /// </summary>
    private async Task RunAsync(string name, Guid orderId, string? traceParent, Func<Task> work)
    {
        ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent);
        using var activity = PaymentTelemetry.Source.StartActivity(ActivityKind.Internal, parent.Kept(), name: name);
        activity?.SetTag(MessagingTelemetry.OrderId, orderId);
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // Its lease expires, and another worker resumes it.
        }
        catch (Exception failure) when (PostgresErrors.IsUnavailable(failure))
        {
            Log.NotWritten(logger, orderId, failure.Message);
        }
        catch (Exception failure)
        {
            Log.PaymentFailed(logger, failure, orderId);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3202, Level = LogLevel.Warning,
            Message = "Database unavailable, open payments not read ({Error}); retrying in the next period.")]
        internal static partial void Unavailable(ILogger logger, string error);

        [LoggerMessage(EventId = 3203, Level = LogLevel.Warning,
            Message = "Database unavailable, outcome of the payment of order {OrderId} not stored ({Error}); retrying when its lease "
                + "expires.")]
        internal static partial void NotWritten(ILogger logger, Guid orderId, string error);

        [LoggerMessage(EventId = 3204, Level = LogLevel.Error,
            Message = "Payment of order {OrderId} failed unexpectedly; retrying when its lease expires.")]
        internal static partial void PaymentFailed(ILogger logger, Exception failure, Guid orderId);

        [LoggerMessage(EventId = 3201, Level = LogLevel.Error, Message = "Poll of open payments failed; retrying in the next period.")]
        internal static partial void Failed(ILogger logger, Exception failure);
    }
}
