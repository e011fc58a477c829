using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Goes on with payments that no message drives any more: unknown outcomes whose time has come, charges whose worker died, refunds. Any
/// number of workers share them by lease, and one that is stalled holds up no other. While the provider is known to be down nothing is tried, and so
/// no attempt is used up; of those that the provider was asked for before, no more are taken than the retry budget has room for.
/// </summary>
internal sealed partial class OpenPayments(
    NpgsqlDataSource database, ProviderHealth provider, RetryBudget budget, PaymentMetrics metrics, Doubt doubt, IServiceProvider services, IOptions<GatewayOptions> options, TimeProvider time,
    ILogger<OpenPayments> logger)
    : BackgroundService
{
    /// <summary>Payments that are gone on with at once.</summary>
    private const int Slots = 16;

    /// <summary>Whether a call to the provider is known, as the index of due payments has it.</summary>
    private const string WasAsked = "(CASE status WHEN 'refunding' THEN refund_attempts > 0 ELSE calls IS NOT NULL END)";

    /// <summary>A charge that was written a moment ago has a message that goes on with it.</summary>
    private const string IsQuiet = "(status = 'refunding' OR updated_at < now() - interval '5 seconds')";

    internal const string Query =
        $"""
        WITH first AS (
            SELECT order_id FROM payments WHERE status IN ('charging', 'unknown', 'refunding') AND NOT {WasAsked} AND lease_until <= now() AND {IsQuiet}
            ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED),
        again AS (
            SELECT order_id FROM payments WHERE status IN ('charging', 'unknown', 'refunding') AND {WasAsked} AND lease_until <= now() AND {IsQuiet}
            ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED)
        UPDATE payments SET
            attempts = attempts + CASE status WHEN 'refunding' THEN 0 ELSE 1 END,
            refund_attempts = refund_attempts + CASE status WHEN 'refunding' THEN 1 ELSE 0 END,
            first_attempt_at = CASE WHEN attempts = 0 AND status <> 'refunding' THEN now() ELSE first_attempt_at END,
            lease_until = now() + $3, updated_at = now()
        WHERE order_id IN (SELECT order_id FROM first UNION ALL SELECT order_id FROM again LIMIT $1)
        RETURNING order_id, id, amount, currency, provider_key, attempts, first_attempt_at, traceparent, status, provider_reference, refund_key, refund_attempts,
            calls IS NOT NULL, in_doubt, cancelled_at IS NOT NULL
        """;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Task, byte> running = [];
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Cancelled when the shutdown timeout is over.</summary>
    private readonly CancellationTokenSource abandon = new();

    /// <summary>The last look took as many as it could.</summary>
    private volatile bool mayBeMore;
    private int recoveriesSeen;
    private long? recoveredAt;

    /// <summary>There is something to do now.</summary>
    internal void LookNow() => signal.Writer.TryWrite(true);

    /// <summary>Takes no more payments and finishes those that it has: a call that is cut off leaves an unknown outcome.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var giveUp = cancellationToken.Register(abandon.Cancel);
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
                Log.Away(logger, failure.Message);
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
        await BringForwardAsync(stopping);

        // There may be no message left to find out that the provider is back: then one of these does.
        var free = Slots - running.Count;
        if (free == 0)
            return;
        var limit = provider.Allow(free);
        if (limit < free && !running.IsEmpty)
            limit = 0;
        mayBeMore = limit > 0 && await StartAsync(limit, stopping) == limit;
    }

    /// <summary>
    /// The provider is back: what has no outcome because it was down is due at once, and not when a payment would be that has none for a reason of its own; and
    /// once more when every call that was under way then has ended. A wait that is no longer than a lease may be one.
    /// </summary>
    private async Task BringForwardAsync(CancellationToken stopping)
    {
        var recoveries = provider.Recoveries;
        var isBack = recoveries != recoveriesSeen;
        if (!isBack && !(recoveredAt is { } since && time.GetElapsedTime(since) > options.Value.Lease))
            return;
        await using var command = database.CreateCommand(
            """
            UPDATE payments SET lease_until = now() -- the first condition is that of the index
            WHERE status IN ('charging', 'unknown', 'refunding') AND status <> 'charging' AND lease_until > now() AND lease_until > updated_at + $1
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Lease });
        await command.ExecuteNonQueryAsync(stopping);
        recoveriesSeen = recoveries;
        recoveredAt = isBack ? time.GetTimestamp() : null;
    }

    /// <returns>How many payments were taken.</returns>
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
            Begin("reconcile payment", payment.OrderId, traceParent, () => services.GetRequiredService<Charging>().ChargeAsync(payment, received: null, abandon.Token));
        foreach (var (refund, traceParent) in refunds)
            Begin("refund payment", refund.OrderId, traceParent, () => services.GetRequiredService<Refunding>().RefundAsync(refund, abandon.Token));
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
                    LookNow();
            },
            TaskScheduler.Default);
    }

    private void Read(NpgsqlDataReader row, List<(Payment Payment, string? TraceParent)> charges, List<(OpenRefund Refund, string? TraceParent)> refunds)
    {
        var traceParent = row.IsDBNull(7) ? null : row.GetString(7);
        if (row.GetString(8) == "refunding")
        {
            refunds.Add((new(row.GetGuid(0), row.GetGuid(1), row.GetDecimal(2), row.GetString(3), row.GetString(9), row.GetGuid(10), row.GetInt32(11))
            {
                IsInDoubt = row.GetBoolean(13) || doubt.IsOver(row.GetFieldValue<DateTimeOffset>(6)),
            }, traceParent));
            return;
        }

        var payment = new Payment(row.GetGuid(0), row.GetGuid(1), row.IsDBNull(2) ? null : row.GetDecimal(2), row.IsDBNull(3) ? null : row.GetString(3), row.GetGuid(4), row.GetInt32(5),
            row.GetFieldValue<DateTimeOffset>(6))
        {
            WasAsked = row.GetBoolean(12),
            IsInDoubt = row.GetBoolean(13),
            IsCancelled = row.GetBoolean(14),
        };
        charges.Add((payment, traceParent));
    }

    /// <summary>In the trace of the order, however long ago that began. What fails is tried again when its lease is over.</summary>
    private async Task RunAsync(string name, Guid orderId, string? traceParent, Func<Task> work)
    {
        ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent);
        using var activity = PaymentTelemetry.Source.StartActivity(ActivityKind.Internal, parent, name: name);
        activity?.SetTag(Messaging.MessagingTelemetry.OrderId, orderId);
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // Its lease ends, and another worker goes on with it.
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
        [LoggerMessage(EventId = 3202, Level = LogLevel.Warning, Message = "Open payments cannot be read now ({Error}); they wait, and it is tried again.")]
        internal static partial void Away(ILogger logger, string error);

        [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "What became of the payment of order {OrderId} cannot be written now ({Error}); it is asked again when its lease is over.")]
        internal static partial void NotWritten(ILogger logger, Guid orderId, string error);

        [LoggerMessage(EventId = 3204, Level = LogLevel.Error, Message = "The payment of order {OrderId} could not be gone on with; it is tried again when its lease is over.")]
        internal static partial void PaymentFailed(ILogger logger, Exception failure, Guid orderId);

        [LoggerMessage(EventId = 3201, Level = LogLevel.Error, Message = "Open payments could not be looked at; it is tried again.")]
        internal static partial void Failed(ILogger logger, Exception failure);
    }
}
