using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Goes on with payments that no message drives any more: unknown outcomes whose time has come, charges whose worker died, refunds. Any
/// number of workers share them by lease. While the provider is known to be down nothing is tried, and so no attempt is used up; of those that
/// were tried before, no more are taken than the retry budget has room for.
/// </summary>
internal sealed partial class OpenPayments(
    NpgsqlDataSource database, ProviderHealth provider, RetryBudget budget, PaymentMetrics metrics, Doubt doubt, IServiceProvider services, IOptions<GatewayOptions> options, TimeProvider time,
    ILogger<OpenPayments> logger)
    : BackgroundService
{
    private const int Batch = 16;

    /// <summary>As the index of due payments has it.</summary>
    private const string WasTried = "(CASE status WHEN 'refunding' THEN refund_attempts > 0 ELSE attempts > 0 OR calls IS NOT NULL END)";

    /// <summary>A charge that was written a moment ago has a message that goes on with it.</summary>
    private const string IsQuiet = "(status = 'refunding' OR updated_at < now() - interval '5 seconds')";

    internal const string Query =
        $"""
        WITH first AS (
            SELECT order_id FROM payments WHERE status IN ('charging', 'unknown', 'refunding') AND NOT {WasTried} AND lease_until <= now() AND {IsQuiet}
            ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED),
        again AS (
            SELECT order_id FROM payments WHERE status IN ('charging', 'unknown', 'refunding') AND {WasTried} AND lease_until <= now() AND {IsQuiet}
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
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something to do now.</summary>
    internal void LookNow() => signal.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var found = 0;
            try
            {
                // There may be no message left to find out that the provider is back: then one of these does.
                found = provider.Allow(Batch) is > 0 and var limit ? await AdvanceAsync(limit, stoppingToken) : 0;
            }
            catch (Exception failure) when (PostgresErrors.IsUnavailable(failure) && !stoppingToken.IsCancellationRequested)
            {
                Log.Away(logger, failure.Message);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, failure);
            }

            if (found < Batch)
                await WaitAsync(stoppingToken);
        }
    }

    private async Task WaitAsync(CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(Task.Delay(Poll, time, either.Token), signal.Reader.WaitToReadAsync(either.Token).AsTask());
        await either.CancelAsync();
        signal.Reader.TryRead(out _);
    }

    private async Task<int> AdvanceAsync(int limit, CancellationToken stopping)
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
        await Task.WhenAll(charges.Select(open => TracedAsync("reconcile payment", open.Payment.OrderId, open.TraceParent, () =>
                services.GetRequiredService<Charging>().ChargeAsync(open.Payment, received: null, stopping)))
            .Concat(refunds.Select(open => TracedAsync("refund payment", open.Refund.OrderId, open.TraceParent, () =>
                services.GetRequiredService<Refunding>().RefundAsync(open.Refund, stopping)))));
        return charges.Count + refunds.Count;
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

    /// <summary>In the trace of the order, however long ago that began.</summary>
    private static async Task TracedAsync(string name, Guid orderId, string? traceParent, Func<Task> work)
    {
        ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent);
        using var activity = PaymentTelemetry.Source.StartActivity(ActivityKind.Internal, parent, name: name);
        activity?.SetTag(Messaging.MessagingTelemetry.OrderId, orderId);
        await work();
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3202, Level = LogLevel.Warning, Message = "Open payments cannot be read now ({Error}); they wait, and it is tried again.")]
        internal static partial void Away(ILogger logger, string error);

        [LoggerMessage(EventId = 3201, Level = LogLevel.Error, Message = "Open payments could not be looked at; it is tried again.")]
        internal static partial void Failed(ILogger logger, Exception failure);
    }
}
