using System.Collections.Concurrent;
using System.Net;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Faults;

/// <summary>Cancellations that race with charges, lost responses, redeliveries and killed workers.</summary>
public sealed class CancelFaultTests
{
    [Fact]
    public async Task Cancellations_racing_with_lost_responses_and_killed_workers_agree_with_the_ledger()
    {
        await using var system = await FaultSystem.StartAsync(apis: 2, workers: 3, [("Sweeper__After", "00:00:20")]);
        await system.SetProviderAsync(new
        {
            latency = "00:00:00.05", jitter = "00:00:00.4", dropAfterChargeRate = 0.15, errorAfterChargeRate = 0.1, keyInUseRate = 0.05,
            declineRate = 0.1, seed = system.Dice.Seed,
        });
        using var http = Tokens.Http(address: null);
        var cancelled = new ConcurrentDictionary<Guid, HttpStatusCode>();

        var load = Task.WhenAll(Enumerable.Range(0, 160).Select(i => PlaceAndPerhapsCancelAsync(TimeSpan.FromSeconds(i * 0.05))));
        while (await Task.WhenAny(load, Task.Delay(system.Dice.Between(1, 2), TimeProvider.System)) != load)
        {
            await system.KillAsync(system.Dice.OneOf(system.Workers));
            await system.StartWorkerAsync();
        }

        await load;
        await Eventually.GetAsync(
            $"no payment is open (FAULT_SEED={system.Dice.Seed})",
            () => Sql.RowAsync(
                system.PaymentsDatabase,
                "SELECT count(*), max(status), max(reason), max(lease_until) FROM payments "
                    + "WHERE status IN ('charging', 'unknown', 'refunding')"),
            open => open[0] is 0L, TimeSpan.FromSeconds(120));
        var snapshot = await system.AuditAsync(TimeSpan.FromSeconds(90));

        // A cancel that was answered with 202 left the order cancelled, and one that was answered with 409 did not.
        var statuses = snapshot.Orders.ToDictionary(order => order.Id, order => order.Status);
        Assert.All(cancelled, answer => Assert.Equal(answer.Value == HttpStatusCode.Accepted, statuses[answer.Key] == "cancelled"));
        Assert.Equal(
            cancelled.Count(answer => answer.Value == HttpStatusCode.Accepted),
            snapshot.Orders.Count(order => order.Status == "cancelled"));

        // Each refund belongs to a cancelled order, no order has two, and each has exactly one payments.refunded event.
        var charges = snapshot.Ledger.Where(line => line.IsCharge).ToDictionary(line => line.Id, line => Guid.Parse(line.OrderId!));
        var refunds = snapshot.Ledger.Where(line => line.IsRefund).Select(line => charges[line.ChargeId!]).ToArray();
        Assert.Equal(refunds.Length, refunds.Distinct().Count());
        Assert.All(refunds, order => Assert.Equal("cancelled", statuses[order]));
        Assert.Equal(refunds.Length, snapshot.Worker.Events.Count(stored => stored.Type == "payments.refunded.v1"));
        Assert.True(
            refunds.Length > 5 && cancelled.Count(answer => answer.Value == HttpStatusCode.Accepted) > refunds.Length
                && cancelled.Any(answer => answer.Value == HttpStatusCode.Conflict),
            $"FAULT_SEED={system.Dice.Seed}: {cancelled.Count} cancels, {refunds.Length} refunds: the races did not happen");

        async Task PlaceAndPerhapsCancelAsync(TimeSpan due)
        {
            await Task.Delay(due, TimeProvider.System);
            var order = (await system.Load.PlaceAsync()).OrderId!.Value;
            if (system.Dice.Hits(0.3))
                return;

            // Most cancels come while the charge is in flight. Some wait for the
            // final status, so that they are too late even on a slow machine.
            if (system.Dice.Hits(0.1))
            {
                await Eventually.BeTrueAsync(
                    $"order {order} has a final status",
                    async () => await Sql.ScalarAsync<string>(
                        system.OrdersDatabase, $"SELECT status FROM orders WHERE id = '{order}'") != "pending",
                    TimeSpan.FromSeconds(60));
            }
            else
            {
                await Task.Delay(system.Dice.Between(0, 1), TimeProvider.System);
            }

            using var answer = await http.PostAsync(new Uri(system.Dice.OneOf(system.Apis).Address, $"/orders/{order}/cancel"), null);
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Accepted, HttpStatusCode.Conflict });
            cancelled[order] = answer.StatusCode;
        }
    }
}
