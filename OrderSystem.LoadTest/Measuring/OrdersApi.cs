using System.Net.Http.Json;
using System.Text.Json;

namespace OrderSystem.LoadTest.Measuring;

/// <summary>
/// The status of the orders, from pages of the API, so that it works against any address. The pages are read after the load and
/// cost nothing during the measurement.
/// </summary>
internal sealed class OrdersApi(Uri api, string? token, TimeProvider time) : IDisposable
{
    private const int LargestPage = 200;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The assumed maximum of the clock skew between machines.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    private readonly HttpClient http = new()
    {
        BaseAddress = api,
        Timeout = TimeSpan.FromMinutes(10),
        DefaultRequestHeaders = { Authorization = token is null ? null : new("Bearer", token) },
    };

    /// <summary>The number of pending orders, at most that of one page.</summary>
    internal async Task<int> PendingAsync(CancellationToken cancellationToken) =>
        (await PageAsync($"status=pending&limit={LargestPage}", cancellationToken)).Items.Count;

    /// <summary>Waits until none of the newest pending orders is one of these, or until the timeout.</summary>
    internal async Task WaitForRestAsync(IReadOnlyList<AcceptedOrder> orders, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var ours = orders.Select(order => order.Id).ToHashSet();
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < timeout)
        {
            if (!(await PageAsync("status=pending&limit=20", cancellationToken)).Items.Any(order => ours.Contains(order.Id)))
                return;
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>Reads the newest orders, back to the first of these.</summary>
    internal async Task<IReadOnlyList<PlacedOrder>> ReadAsync(IReadOnlyList<AcceptedOrder> orders, CancellationToken cancellationToken)
    {
        var missing = orders.ToDictionary(order => order.Id);
        if (missing.Count == 0)
            return [];
        var (found, from) = (new List<PlacedOrder>(missing.Count), orders.Min(order => order.IntendedAt) - ClockTolerance);
        string? cursor = "";
        for (var isEarlier = false; missing.Count > 0 && cursor is not null && !isEarlier;)
        {
            var page = await PageAsync($"limit={LargestPage}{(cursor.Length == 0 ? "" : $"&cursor={cursor}")}", cancellationToken);
            foreach (var order in page.Items)
            {
                if (missing.Remove(order.Id, out var accepted))
                    found.Add(new(accepted, order.Status, order.CreatedAt, order.Status == "pending" ? null : order.UpdatedAt));
                isEarlier |= order.CreatedAt < from;
            }

            cursor = page.NextCursor;
        }

        // Accepted, but unknown to the API: the audit will find the same.
        found.AddRange(missing.Values.Select(order => new PlacedOrder(order, "missing", order.IntendedAt, FinalAt: null)));
        return found;
    }

    /// <summary>Runs the audit: every order against its events, payments and the provider's ledger.</summary>
    internal async Task<AuditOutcome> AuditAsync(CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri("/ops/audit?grace=0", UriKind.Relative), cancellationToken);
        if (!response.IsSuccessStatusCode)
            return new($"HTTP {(int)response.StatusCode}", 0, []);
        var report = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        var checks = report.GetProperty("checks").EnumerateArray()
            .Where(check => check.GetProperty("verdict").GetString() != "agrees")
            .Select(check =>
            {
                var disagreements = check.GetProperty("disagreements").GetInt64();
                return $"{Text(check, "invariant")} {Text(check, "check")}: {Text(check, "verdict")}, {disagreements}";
            });
        return new(Text(report, "verdict"), report.GetProperty("orders").GetInt64(), [.. checks]);

        static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
    }

    public void Dispose() => http.Dispose();

    private async Task<Page> PageAsync(string query, CancellationToken cancellationToken) =>
        await http.GetFromJsonAsync<Page>(new Uri($"/orders?{query}", UriKind.Relative), JsonSerializerOptions.Web, cancellationToken)
            ?? throw new InvalidDataException("The API did not return a page of orders.");

    private sealed record Page(IReadOnlyList<Item> Items, string? NextCursor);

    private sealed record Item(Guid Id, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
}

/// <summary>The result of <c>/ops/audit</c>, with the checks that did not agree.</summary>
internal sealed record AuditOutcome(string Verdict, long Orders, IReadOnlyList<string> Findings);
