using System.Net;
using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>The ledger on disk, which holds every acknowledged charge and refund.</summary>
public sealed class LedgerTests
{
    [Fact]
    public async Task Every_acknowledged_charge_survives_a_crash()
    {
        await using var gateway = await Gateway.StartAsync();
        var acknowledged = 0;
        var callers = Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            var confirmed = new List<(string Key, string Id)>();
            try
            {
                for (var i = 0; ; i++)
                {
                    var key = $"{caller}-{i}";
                    using var response = await gateway.ChargeAsync(key, $"order-{key}");
                    confirmed.Add((key, await response.TextAsync("id")));
                    Interlocked.Increment(ref acknowledged);
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException)
            {
                return confirmed;
            }
        })).ToList();
        await Eventually.BeTrueAsync(
            "300 charges are acknowledged", () => Task.FromResult(Volatile.Read(ref acknowledged) > 300));

        await gateway.KillAsync();
        var before = (await Task.WhenAll(callers)).SelectMany(confirmed => confirmed).ToList();
        await gateway.StartAgainAsync();

        var ledger = (await gateway.LedgerAsync())
            .ToDictionary(line => line.GetProperty("key").GetString()!, line => line.GetProperty("id").GetString());
        Assert.All(before, charge => Assert.Equal(charge.Id, ledger[charge.Key]));
        var (key, id) = before[^1];
        using var replayed = await gateway.ChargeAsync(key, $"order-{key}");
        Assert.Equal(id, await replayed.TextAsync("id"));
        Assert.Equal(ledger.Count, (await gateway.SummaryAsync()).GetProperty("succeeded").GetInt64());
    }

    [Fact]
    public async Task An_incomplete_last_line_is_dropped_and_the_ledger_continues()
    {
        await using var gateway = await Gateway.StartAsync();
        (await gateway.ChargeAsync("before")).Dispose();
        Assert.Equal(0, await gateway.StopAsync());
        await File.AppendAllTextAsync(gateway.Ledger, """{"sequence":2,"kind":"char""");

        await gateway.StartAgainAsync();
        (await gateway.ChargeAsync("after")).Dispose();

        Assert.Equal(["before", "after"], (await gateway.LedgerAsync()).Select(line => line.GetProperty("key").GetString()));
        Assert.Equal([1L, 2L], (await gateway.LedgerAsync()).Select(line => line.GetProperty("sequence").GetInt64()));
    }

    [Fact]
    public async Task Declines_and_refunds_survive_a_crash()
    {
        await using var gateway = await Gateway.StartAsync(("Faults__DeclineAbove", "100"));
        (await gateway.ChargeAsync("declined", "rich", 100.01m)).Dispose();
        using var charged = await gateway.ChargeAsync("charged", "poor", 10m);
        (await gateway.RefundAsync("refunded", await charged.TextAsync("id"), 10m)).Dispose();

        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        await gateway.RemoveFaultsAsync();

        using var declined = await gateway.ChargeAsync("declined", "rich", 100.01m);
        Assert.Equal(HttpStatusCode.PaymentRequired, declined.StatusCode);
        using var again = await gateway.RefundAsync("again", await charged.TextAsync("id"), 10m);
        Assert.Equal("not_refundable", await again.TextAsync("code"));
        Assert.True((await gateway.ChargesOfAsync("poor"))[0].TryGetProperty("refundedAt", out _));
    }

    [Fact]
    public async Task A_page_continues_after_the_given_sequence()
    {
        await using var gateway = await Gateway.StartAsync();
        const int Charges = 2_500;
        await Parallel.ForAsync(0, Charges, async (i, _) => (await gateway.ChargeAsync($"key-{i}", $"order-{i}")).Dispose());

        foreach (var after in new[] { 0, 1, 1023, 1024, 1025, 2047, 2048, 2499, 2500, 9999 })
        {
            var sequences = (await gateway.LedgerAsync(after)).Select(line => line.GetProperty("sequence").GetInt64());
            Assert.Equal(Enumerable.Range(after + 1, Math.Max(0, Charges - after)).Select(sequence => (long)sequence), sequences);
        }
    }

    [Fact]
    public async Task A_second_process_cannot_open_the_ledger()
    {
        await using var gateway = await Gateway.StartAsync();

        var (exitCode, output) = await gateway.StartAnotherOnTheSameLedgerAsync();

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Ledger:Path", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_line_prevents_the_start_and_is_named()
    {
        await using var gateway = await Gateway.StartAsync();
        (await gateway.ChargeAsync("one")).Dispose();
        await gateway.StopAsync();
        await File.AppendAllTextAsync(gateway.Ledger, "not json\n");

        var (exitCode, output) = await gateway.StartAnotherOnTheSameLedgerAsync();

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Line 3", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cleared_ledger_gives_new_ids()
    {
        await using var gateway = await Gateway.StartAsync();
        using var before = await gateway.ChargeAsync("key");

        using var cleared = await gateway.Http.DeleteAsync("/ledger");
        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Empty(await gateway.LedgerAsync());

        using var after = await gateway.ChargeAsync("key");
        Assert.NotEqual(await before.TextAsync("id"), await after.TextAsync("id"));
    }
}
