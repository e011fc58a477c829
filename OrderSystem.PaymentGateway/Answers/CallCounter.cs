using System.Text.Json;

namespace OrderSystem.PaymentGateway.Answers;

/// <summary>Counts calls by outcome since the process started. A call that took effect and then failed is counted twice.</summary>
internal sealed class CallCounter
{
    private static readonly string[] Names = [.. Enum.GetNames<CallOutcome>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    private readonly long[] counts = new long[Names.Length];

    public void Count(CallOutcome outcome) => Interlocked.Increment(ref counts[(int)outcome]);

    public void Clear() => Array.Clear(counts);

    public Dictionary<string, long> Snapshot()
    {
        var snapshot = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < Names.Length; i++) snapshot[Names[i]] = Interlocked.Read(ref counts[i]);
        return snapshot;
    }
}
