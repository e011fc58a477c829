using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Samples the resource usage of the processes.</summary>
internal sealed class SoakMeter(SoakEnvironment soak)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private readonly Dictionary<string, SoakSeries> series = [];
    private long lastAttempts;

    /// <summary>Growth in the oldest instances is a leak: they live as long as the soak, and their load is constant.</summary>
    internal IEnumerable<string> Growing => series.Values.Where(one => one.MustBeFlat && one.Grows).Select(one => $"I9 {one} grows");

    internal IReadOnlyCollection<SoakSeries> Series => series.Values;

    internal async Task RunAsync(CancellationToken until)
    {
        using var timer = new PeriodicTimer(Period, TimeProvider.System);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        while (!until.IsCancellationRequested)
        {
            foreach (var (name, id) in new[] { ("order-api", soak.OldestApi.Id), ("payment-worker", soak.OldestWorker.Id) })
            {
                Add($"{name}, memory MB", MegabytesOf(id), allowed: 48);
                Add($"{name}, open files", FilesOf(id), allowed: 40);
                Add($"{name}, threads", StatusOf(id, "Threads"), allowed: 20);
            }

            Add("provider, memory MB", MegabytesOf(soak.Target.Gateway.Id));
            Add("nats-server, memory MB", MegabytesOf(soak.Target.Nats.ProcessId));
            Add("PostgreSQL, processes", ChildrenOf(soak.Target.Postgres.ProcessId));
            foreach (var proxy in soak.Target.Proxies)
                Add($"connections {proxy.Name}", proxy.Open);
            await CountAttemptsAsync(http);
            await ((Task)timer.WaitForNextTickAsync(until).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The provider counts since its start. When it is killed, its count since the last sample is lost.</summary>
    private async Task CountAttemptsAsync(HttpClient http)
    {
        try
        {
            var summary = await http.GetFromJsonAsync<JsonElement>(new Uri(soak.Target.Gateway.Address, "/ledger/summary"));
            var attempts = summary.GetProperty("attempts").EnumerateObject().Sum(pair => pair.Value.GetInt64());
            Add("calls at the provider per minute",
                (attempts < lastAttempts ? attempts : attempts - lastAttempts) * (60 / Period.TotalSeconds));
            lastAttempts = attempts;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            // A fault has killed the provider.
        }
    }

    private void Add(string name, double? value, double? allowed = null)
    {
        if (value is not { } measured)
            return;
        if (!series.TryGetValue(name, out var one))
            series[name] = one = new(name, allowed);
        one.Add(soak.Clock, measured);
    }

    private static double? MegabytesOf(int id) => StatusOf(id, "VmRSS") / 1024;

    private static double? StatusOf(int id, string field) =>
        Read(() => File.ReadLines($"/proc/{id}/status")
            .FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal))) is { } line
            ? double.Parse(line.Split([' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
            : null;

    private static double? FilesOf(int id) => Read(() => Directory.GetFiles($"/proc/{id}/fd"))?.Length;

    private static double? ChildrenOf(int id) =>
        Read(() => File.ReadAllText($"/proc/{id}/task/{id}/children"))?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

    /// <summary>Null for a process that has just ended.</summary>
    private static T? Read<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>One measured value over time.</summary>
/// <param name="name">The name of the value.</param>
/// <param name="allowed">How far the median of the last fifth may exceed 1.3 times that of the second; null without a limit. The first
/// fifth is warm-up.</param>
internal sealed class SoakSeries(string name, double? allowed)
{
    private readonly List<(TimeSpan At, double Value)> values = [];

    internal bool MustBeFlat => allowed is not null;

    internal bool Grows => values.Count >= 5 && Fifth(5) > (Fifth(2) * 1.3) + allowed;

    internal IEnumerable<string> Lines =>
        values.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.At.TotalSeconds:0.0};{name};{one.Value:0.#}"));

    internal void Add(TimeSpan at, double value) => values.Add((at, value));

    public override string ToString() => values.Count < 5
        ? $"{name}: {string.Join(", ", values.Select(one => one.Value))}"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-34} {string.Join("  ", Enumerable.Range(1, 5).Select(
                part => string.Create(CultureInfo.InvariantCulture, $"{Fifth(part),7:0}")))}  (max {values.Max(one => one.Value),6:0})");

    private double Fifth(int part)
    {
        var (from, below) = ((part - 1) * values.Count / 5, part * values.Count / 5);
        return values[from..below].Select(one => one.Value).Order().ElementAt((below - from) / 2);
    }
}
