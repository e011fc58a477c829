using System.Diagnostics.Metrics;
using Npgsql;

namespace OrderSystem.OrderApi.Orders;

/// <summary>
/// Orders that have not ended: how many, and for how long the oldest has waited. Measured every ten seconds over an index that holds no paid
/// order; what cannot be measured is not reported.
/// </summary>
internal sealed partial class OrderGauges : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly KeyValuePair<string, object?> Pending = new("order.status", OrderStatus.Pending.ToName());
    private static readonly KeyValuePair<string, object?> ManualReview = new("order.status", OrderStatus.ManualReview.ToName());
    private readonly NpgsqlDataSource database;
    private readonly TimeProvider time;
    private readonly ILogger<OrderGauges> logger;
    private Sample? last;

    public OrderGauges(IMeterFactory meters, NpgsqlDataSource database, TimeProvider time, ILogger<OrderGauges> logger)
    {
        (this.database, this.time, this.logger) = (database, time, logger);
        var meter = meters.Create(OrderMetrics.MeterName);
        meter.CreateObservableGauge<long>(
            "ordersystem.orders.open", () => last is { } sample ? [new(sample.Pending, Pending), new(sample.ManualReview, ManualReview)] : [],
            "{order}", "Orders that have not ended, by status.");
        meter.CreateObservableGauge<double>(
            "ordersystem.orders.oldest_pending.age", () => last is { } sample ? [new(sample.OldestAge)] : [],
            "s", "Age of the oldest pending order; 0 when there is none.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                last = await SampleAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                last = null;
                Log.Failed(logger, failure.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<Sample> SampleAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT (SELECT count(*) FROM orders WHERE status = 'pending'), (SELECT count(*) FROM orders WHERE status = 'manualReview'),
                (SELECT greatest(0, extract(epoch FROM now() - created_at))::float8 FROM orders WHERE status = 'pending' ORDER BY id LIMIT 1)
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return Read(reader);
    }

    private static Sample Read(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? 0 : row.GetDouble(2));

    private sealed record Sample(long Pending, long ManualReview, double OldestAge);

    private static partial class Log
    {
        [LoggerMessage(EventId = 2401, Level = LogLevel.Debug, Message = "Open orders could not be counted: {Error}")]
        internal static partial void Failed(ILogger logger, string error);
    }
}
