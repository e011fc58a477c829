using System.Text.Json;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>How a call ended.</summary>
internal enum Attempt
{
    Succeeded,
    Declined,
    Refunded,
    Replayed,
    LookedUp,
    Invalid,
    Refused,
    KeyMissing,
    KeyReused,
    KeyInUse,
    RateLimited,
    Error,
    Outage,
    Hung,
    DroppedAfterEffect,
    ErrorAfterEffect,
}

/// <summary>Counts calls by outcome since the process started. One that took effect and got no proper answer counts under both.</summary>
internal sealed class Attempts
{
    private static readonly string[] s_names = [.. Enum.GetNames<Attempt>().Select(JsonNamingPolicy.CamelCase.ConvertName)];
    private readonly long[] _counts = new long[s_names.Length];

    public void Count(Attempt outcome) => Interlocked.Increment(ref _counts[(int)outcome]);

    public void Clear() => Array.Clear(_counts);

    public Dictionary<string, long> Snapshot()
    {
        var snapshot = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < s_names.Length; i++) snapshot[s_names[i]] = Interlocked.Read(ref _counts[i]);
        return snapshot;
    }
}
