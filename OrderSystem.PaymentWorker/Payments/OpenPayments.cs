using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Telemetry;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Resumes payments from the database that no message drives any more: unknown outcomes that are due, charges whose worker died, refunds.
/// Workers share them by lease, and a stalled payment blocks no other. While the provider's circuit is open nothing is tried, so that no
/// attempt is used up. Retries are bounded by the retry budget.
/// </summary>
internal sealed partial class OpenPayments(
    NpgsqlDataSource database, ProviderHealth provider, RetryBudget budget,
    PaymentMetrics metrics, Doubt doubt, Charging charging, Refunding refunding,
    IOptions<GatewayOptions> options, TimeProvider time, ILogger<OpenPayments> logger)
    : BackgroundService
{
    /// <summary>Payments in progress at once.</summary>
    private const int Slots = 16;

    /// <summary>Whether the provider was called before, as the index of due payments has it.</summary>
    private const string WasCalled = "(CASE status WHEN 'refunding' THEN refund_attempts > 0 ELSE calls IS NOT NULL END)";

    /// <summary>A charge that was written recently is still driven by its message.</summary>
    private const string IsQuiet = "(status = 'refunding' OR updated_at < now() - interval '5 seconds')";

    internal const string Query =
        $"""
        WITH first AS (
            SELECT order_id FROM payments
            WHERE status IN ('charging', 'unknown', 'refunding') AND NOT {WasCalled} AND lease_until <= now() AND {IsQuiet}
            ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED),
        again AS (
            SELECT order_id FROM payments
            WHERE status IN ('charging', 'unknown', 'refunding') AND {WasCalled} AND lease_until <= now() AND {IsQuiet}
            ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED)
        UPDATE payments SET
            attempts = attempts + CASE status WHEN 'refunding' THEN 0 ELSE 1 END,
            refund_attempts = refund_attempts + CASE status WHEN 'refunding' THEN 1 ELSE 0 END,
            first_attempt_at = CASE WHEN attempts = 0 AND status <> 'refunding' THEN now() ELSE first_attempt_at END,
            lease_until = now() + $3, updated_at = now()
        WHERE order_id IN (SELECT order_id FROM first UNION ALL SELECT order_id FROM again LIMIT $1)
        RETURNING order_id, id, amount, currency, provider_key, attempts, first_attempt_at, traceparent, status, provider_reference,
            refund_key, refund_attempts, calls IS NOT NULL, in_doubt, cancelled_at IS NOT NULL
        """;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Task, byte> running = [];
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Cancelled when the shutdown timeout has elapsed.</summary>
    private readonly CancellationTokenSource abandon = new();

    /// <summary>The last poll took as many payments as it was allowed to.</summary>
    private volatile bool mayBeMore;
    private int recoveriesSeen;
    private long? recoveredAt;

    /// <summary>Polls now instead of in the next period.</summary>
    internal void PollNow() => signal.Writer.TryWrite(true);

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

            await WaitAsync(stoppingToken);
        }

        await Task.WhenAll(running.Keys);
    }

    private async Task WaitAsync(CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(Task.Delay(Poll, time, either.Token), signal.Reader.WaitToReadAsync(either.Token).AsTask());
        await either.CancelAsync();
        signal.Reader.TryRead(out _);
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
        mayBeMore = limit > 0 && await StartAsync(limit, stopping) == limit;
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
        await using var command = database.CreateCommand(
            """
            UPDATE payments SET lease_until = now() -- the first condition is that of the index
            WHERE status IN ('charging', 'unknown', 'refunding') AND status <> 'charging'
                AND lease_until > now() AND lease_until > updated_at + $1
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
        await command.ExecuteNonQueryAsync(stopping);
        recoveriesSeen = recoveries;
        recoveredAt = hasRecovered ? time.GetTimestamp() : null;
    }

    /// <returns>The number of payments taken.</returns>
    private async Task<int> StartAsync(int limit, CancellationToken stopping)
    {
        var charges = new List<(Payment Payment, string? TraceParent)>();
        var refunds = new List<(OpenRefund Refund, string? TraceParent)>();
        await using (var command = database.CreateCommand(Query))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Math.Min(limit, budget.Available) });
            command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
            await using var reader = await command.ExecuteReaderAsync(stopping);
            while (await reader.ReadAsync(stopping))
                Read(reader, charges, refunds);
        }

        metrics.Reconciled("charge", charges.Count);
        metrics.Reconciled("refund", refunds.Count);
        foreach (var (payment, traceParent) in charges)
            Begin("reconcile payment", payment.OrderId, traceParent, () => charging.ChargeAsync(payment, received: null, abandon.Token));
        foreach (var (refund, traceParent) in refunds)
            Begin("refund payment", refund.OrderId, traceParent, () => refunding.RefundAsync(refund, abandon.Token));
        return charges.Count + refunds.Count;
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

    private void Read(
        NpgsqlDataReader row, List<(Payment Payment, string? TraceParent)> charges, List<(OpenRefund Refund, string? TraceParent)> refunds)
    {
        var traceParent = row.IsDBNull(7) ? null : row.GetString(7);
        if (PaymentStatuses.Parse(row.GetString(8)) == PaymentStatus.Refunding)
        {
            refunds.Add((new(
                row.GetGuid(0), row.GetGuid(1), row.GetDecimal(2), row.GetString(3), row.GetString(9), row.GetGuid(10), row.GetInt32(11))
            {
                IsInDoubt = row.GetBoolean(13) || doubt.IsExpired(row.GetFieldValue<DateTimeOffset>(6)),
            }, traceParent));
            return;
        }

        var payment = new Payment(
            row.GetGuid(0), row.GetGuid(1), row.IsDBNull(2) ? null : row.GetDecimal(2), row.IsDBNull(3) ? null : row.GetString(3),
            row.GetGuid(4), row.GetInt32(5), row.GetFieldValue<DateTimeOffset>(6))
        {
            WasCalled = row.GetBoolean(12),
            IsInDoubt = row.GetBoolean(13),
            IsCancelled = row.GetBoolean(14),
        };
        charges.Add((payment, traceParent));
    }

    /// <summary>Runs in the trace of the order. A failed payment is retried when its lease expires.</summary>
    private async Task RunAsync(string name, Guid orderId, string? traceParent, Func<Task> work)
    {
        ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent);
        using var activity = PaymentTelemetry.Source.StartActivity(ActivityKind.Internal, parent, name: name);
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
