using Npgsql;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Schema;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>What of a refund is stored, and what of a duplicate is not, against a real database.</summary>
public sealed class RecordRefundTests(SharedPostgres shared) : IAsyncLifetime
{
    private readonly Guid order = Guid.CreateVersion7();
    private readonly Guid payment = Guid.CreateVersion7();
    private string database = "";

    public async ValueTask InitializeAsync()
    {
        database = await (await shared.StartedAsync()).CreateDatabaseAsync();
        await Migrator.ApplyAsync(database, typeof(BeginRefund).Assembly, CancellationToken.None);
        await Sql.ExecuteAsync(database, $"""
            INSERT INTO payments (order_id, id, amount, currency, provider_key, status, attempts, lease_until, provider_reference, events)
            VALUES ('{order}', '{payment}', 10, 'EUR', gen_random_uuid(), 'succeeded', 1, now(), 'ch_1', 1)
            """);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_request_is_stored_once_and_only_for_a_paid_order_in_its_currency()
    {
        var refund = Guid.CreateVersion7();
        Assert.True((await BeginAsync(refund, 4)).IsNew);
        var again = await BeginAsync(refund, 4);
        Assert.Equal((false, new EarlierRefund(RefundStatus.Pending, 4, "EUR")), (again.IsNew, again.Earlier));
        Assert.False((await BeginAsync(Guid.CreateVersion7(), 4, "USD")).IsNew);
        await Sql.ExecuteAsync(database, "UPDATE payments SET status = 'refunding'");
        var cancelled = await BeginAsync(Guid.CreateVersion7(), 4);
        Assert.Equal((false, null, PaymentStatus.Refunding), (cancelled.IsNew, cancelled.Earlier, cancelled.Payment!.Status));

        // What has no effect is not in the inbox: it may have one later.
        Assert.Equal((1L, 2L), (await CountAsync("refunds"), await CountAsync("inbox")));
    }

    [Fact]
    public async Task An_end_is_stored_once_with_its_event_and_the_total()
    {
        var refund = Guid.CreateVersion7();
        await BeginAsync(refund, 4);
        Assert.Equal(2, (await EndAsync(refund, 4, total: 0)).Version);
        Assert.Equal((0, false), await EndedAsync(refund, 4, total: 0));
        Assert.Equal((0, true), await EndedAsync(refund, 4, total: 4));
        Assert.Equal((1L, 4m), (await CountAsync("events"), await TotalAsync()));
    }

    /// <summary>Its event would tell a total that is wrong.</summary>
    [Fact]
    public async Task A_refund_that_does_not_know_the_total_is_not_stored_and_learns_it()
    {
        await EndAsync(Guid.CreateVersion7(), 3, total: 0, "re_1");
        var second = Guid.CreateVersion7();
        var late = await EndAsync(second, 2, total: 0, "re_2");
        Assert.Equal((0, false, 3m), (late.Version, late.IsCurrent, late.RefundedTotal));
        Assert.Equal(1, await CountAsync("refunds"));

        Assert.Equal(3, (await EndAsync(second, 2, total: 3, "re_2")).Version);
        Assert.Equal(5, await TotalAsync());
        Assert.Equal(
            5m, await Sql.ScalarAsync<decimal>(
                database,
                "SELECT (convert_from(payload, 'UTF8')::jsonb ->> 'refundedTotal')::numeric FROM events ORDER BY version DESC LIMIT 1"));
    }

    [Fact]
    public async Task A_refund_of_the_provider_is_known_under_one_id_only()
    {
        await EndAsync(Guid.CreateVersion7(), 3, total: 0, "re_1");
        Assert.Equal(0, (await EndAsync(Guid.CreateVersion7(), 3, total: 3, "re_1")).Version);
        Assert.Equal((1L, 3m), (await CountAsync("refunds"), await TotalAsync()));
    }

    /// <summary>Twenty refunds of one order at once: each event tells the total after it.</summary>
    [Fact]
    public async Task Concurrent_refunds_of_one_order_are_counted_one_after_another()
    {
        await Parallel.ForAsync(0, 20, async (number, _) =>
        {
            var (refund, total) = (Guid.CreateVersion7(), 0m);
            for (var isStored = false; !isStored;)
            {
                var recorded = await EndAsync(refund, 0.25m, total, $"re_{number}");
                (isStored, total) = (recorded.Version > 0, recorded.RefundedTotal ?? 0);
            }
        });

        Assert.Equal((20L, 5m), (await CountAsync("events"), await TotalAsync()));
        Assert.Equal(20, await Sql.ScalarAsync<long>(
            database, "SELECT count(DISTINCT convert_from(payload, 'UTF8')::jsonb ->> 'refundedTotal') FROM events"));
    }

    private async Task<(int Version, bool IsCurrent)> EndedAsync(Guid refund, decimal amount, decimal total)
    {
        var recorded = await EndAsync(refund, amount, total);
        return (recorded.Version, recorded.IsCurrent);
    }

    private Task<RecordedRefund> EndAsync(Guid refund, decimal amount, decimal total, string reference = "re_1") => WriteAsync(
        RecordRefund.Write,
        RecordRefund.Of(
            new(order, payment, refund, amount, "EUR", RefundSource.Provider, total), reference, failure: null,
            TimeProvider.System.GetUtcNow()));

    private Task<BegunRefund> BeginAsync(Guid refund, decimal amount, string currency = "EUR") => WriteAsync(
        BeginRefund.Write,
        new(
            new ReceivedEnvelope(Guid.CreateVersion7(), order, "orders.refund_requested.v1", 1, 1), refund, amount, currency, "damaged",
            TraceParent: null, IsInDoubt: false));

    private Task<long> CountAsync(string table) => Sql.ScalarAsync<long>(database, $"SELECT count(*) FROM {table}");

    private Task<decimal> TotalAsync() => Sql.ScalarAsync<decimal>(database, "SELECT refunded_total FROM payments");

    private async Task<TResult> WriteAsync<TRow, TResult>(BatchedWrite<TRow, TResult> write, TRow row)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        return await write.WriteAsync(connection, row, CancellationToken.None);
    }
}
