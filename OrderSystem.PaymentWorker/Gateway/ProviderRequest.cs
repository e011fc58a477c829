namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>One question to the provider with all its attempts: what became of each, and what is certain after them. The request carries it through the pipeline.</summary>
internal sealed class ProviderRequest(string kind, long startedAt)
{
    internal static readonly HttpRequestOptionsKey<ProviderRequest> Key = new("provider-request");

    private readonly List<ProviderCall> calls = [];
    private bool mayHaveHappened;

    internal string Kind => kind;

    /// <summary>When the first attempt began to wait for its turn.</summary>
    internal long StartedAt => startedAt;

    /// <summary>What the last attempt came to; null before there was one.</summary>
    internal ChargeOutcome? Last { get; private set; }

    internal static ProviderRequest? Of(HttpRequestMessage? request) => request is not null && request.Options.TryGetValue(Key, out var asked) ? asked : null;

    internal void Note(ProviderCall call, ChargeOutcome outcome)
    {
        calls.Add(call);
        Last = outcome;
        mayHaveHappened |= outcome.Status == ChargeStatus.Unknown && kind != ProviderCall.LookUp;
    }

    /// <summary>An attempt that certainly had no effect says nothing of one before it.</summary>
    internal ChargeOutcome? Outcome() => Last is not { } last ? null
        : (last.Status == ChargeStatus.Unavailable && mayHaveHappened ? last with { Status = ChargeStatus.Unknown } : last) with { Calls = calls };
}
