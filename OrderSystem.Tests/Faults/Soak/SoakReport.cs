using System.Globalization;
using System.Text;
using System.Text.Json;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>
/// The output of a soak: a report, the history of every request, the measurements, and after a failure the logs of the instances.
/// </summary>
internal sealed class SoakReport(SoakEnvironment soak, SoakRun run)
{
    private static readonly string Folder = Path.Combine(Solution.Root, "artifacts", "soak");
    private readonly StringBuilder text = new();

    /// <summary>Writes the files and returns the report.</summary>
    internal async Task<string> WriteAsync(AuditSnapshot? snapshot, IReadOnlyList<string> wrong)
    {
        Line($"Soak of {soak.Minutes:0.##} minutes, seed {soak.Dice.Seed}: {(wrong.Count == 0
            ? "all invariants hold"
            : $"{wrong.Count} disagreements")}");
        Line();
        if (snapshot is not null)
            AddOrders(snapshot);
        AddRequests();
        AddFaults();
        AddMessages(snapshot);
        Line($"Over time, medians of fifths            first   second    third   fourth     last");
        foreach (var series in run.Meter.Series)
            Line($"  {series}");
        foreach (var disagreement in wrong.Take(50))
            Line($"WRONG  {disagreement}");

        Directory.CreateDirectory(Folder);
        await File.WriteAllTextAsync(Path.Combine(Folder, $"report-{soak.Dice.Seed}.txt"), text.ToString());
        await File.WriteAllLinesAsync(Path.Combine(Folder, $"history-{soak.Dice.Seed}.ndjson"), run.Clients.Journeys.Select(Describe));
        await File.WriteAllLinesAsync(
            Path.Combine(Folder, $"series-{soak.Dice.Seed}.csv"), run.Meter.Series.SelectMany(series => series.Lines));
        if (wrong.Count > 0)
        {
            foreach (var (number, service) in soak.Target.AllInstances.Index())
                await File.WriteAllTextAsync(Path.Combine(Folder, $"log-{soak.Dice.Seed}-{number:000}.txt"), service.Output);
        }

        return text.ToString();
    }

    private void AddOrders(AuditSnapshot snapshot)
    {
        Line($"Orders: {snapshot.Orders.Count} placed; {Counted(snapshot.Orders.Select(order => order.Status))}");
        Line($"  {snapshot.Ledger.Count(line => line.IsCharge)} were charged, {snapshot.Ledger.Count(
            line => line.IsRefund)} of them refunded");
        Line($"  the system was idle {run.TimeToIdle.TotalSeconds:0.0} s after the load ended");
        Line();
    }

    private void AddRequests()
    {
        var history = soak.Target.Load.History.Requests;
        var attempts = history.SelectMany(request => request.Attempts).ToArray();
        var answers = run.Clients.Journeys.SelectMany(journey => journey.Answers).ToLookup(answer => answer.Verb, StringComparer.Ordinal);
        Line($"Requests by response");
        var slowest = attempts.Max(attempt => attempt.Ended - attempt.Started);
        Line($"  POST    {Counted(attempts.Select(
            attempt => attempt.Status is { } status ? $"{(int)status}" : "no response"))}; slowest {slowest.TotalSeconds:0.0} s");
        Line($"          {history.Count} orders were requested, {history.Count(
            request => request.OrderId is null)} given up, {history.Count(
            request => request.Attempts.Count > 1)} requested more than once");
        foreach (var verb in answers)
            Line($"  {verb.Key,-7} {Counted(verb.Select(
                answer => answer.Code is { } code ? $"{code} {answer.Status}".TrimEnd() : "no response"))}");
        Line();
    }

    private void AddFaults()
    {
        Line($"Faults                                                                  times   slowest recovery");
        var broken = run.Rounds.SelectMany(round => round.Faults.Select(fault => (fault.Id, fault.What, round.Recovery)));
        foreach (var kind in broken.GroupBy(fault => (fault.Id, fault.What)).OrderBy(kind => kind.Key.Id, StringComparer.Ordinal))
            Line($"  {kind.Key.Id,-5} {kind.Key.What,-62} {kind.Count(),6} {kind.Max(fault => fault.Recovery).TotalSeconds,8:0.0} s");
        foreach (var (what, count) in soak.Counts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            Line($"  {count,6} {what}");
        if (SoakFaults.All.Where(fault => !run.Rounds.Any(round => round.Faults.Contains(fault))).ToArray() is { Length: > 0 } left)
            Line($"  not drawn in this time: {string.Join(", ", left.AsEnumerable())}");
        Line();
    }

    private void AddMessages(AuditSnapshot? snapshot)
    {
        Line($"Messages: {soak.Rules.Redelivered} redelivered; {
            soak.Rules.StreamDuplicates} duplicate publishes recognised by a stream; {soak.Rules.DeadLetters} dead letters");
        if (snapshot is not null)
        {
            var known = snapshot.OrderApi.Inbox.Count + snapshot.Worker.Inbox.Count;
            Line($"  {soak.Rules.Settled} acknowledged for {known} events in the inboxes: {Math.Max(
                0, soak.Rules.Settled - known)} were duplicates without effect");
        }

        Line();
    }

    private void Line(FormattableString? line = null) => text.AppendLine(line?.ToString(CultureInfo.InvariantCulture));

    private static string Counted(IEnumerable<string> values) =>
        string.Join(", ", values.GroupBy(value => value, StringComparer.Ordinal).OrderByDescending(group => group.Count())
            .Select(group => $"{group.Count()} {group.Key}"));

    private static string Describe(SoakJourney journey) => JsonSerializer.Serialize(new
    {
        key = journey.Request.Key,
        order = journey.Request.OrderId,
        posts = journey.Request.Attempts.Select(attempt => attempt.ToString()),
        answers = journey.Answers,
    });
}
