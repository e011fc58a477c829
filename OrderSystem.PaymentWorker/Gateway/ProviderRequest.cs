namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// One request to the provider with all its attempts: the outcome of each, and what is known after them. The request message carries it
/// through the pipeline.
/// </summary>
internal sealed class ProviderRequest(string kind, Func<string, ProviderResponse, ChargeOutcome> classify, long startedAt)
{
    internal static readonly HttpRequestOptionsKey<ProviderRequest> Key = new("provider-request");

    private readonly List<ProviderCall> calls = [];
    private bool mayHaveTakenEffect;

    internal string Kind => kind;

    /// <summary>Timestamp at which the request entered the pipeline.</summary>
    internal long StartedAt => startedAt;

    /// <summary>The outcome of the last attempt; null before the first.</summary>
    internal ChargeOutcome? Last { get; private set; }

    /// <summary>Whether the last attempt got a complete response.</summary>
    internal bool IsAnswered { get; private set; }

    internal static ProviderRequest? Of(HttpRequestMessage? message) =>
        message is not null && message.Options.TryGetValue(Key, out var request) ? request : null;

    /// <summary>What is known after a complete response.</summary>
    internal ChargeOutcome Read(ProviderResponse response) => classify(kind, response);

    internal void Note(ProviderCall call, ChargeOutcome outcome, bool isAnswered)
    {
        calls.Add(call);
        (Last, IsAnswered) = (outcome, isAnswered);
        mayHaveTakenEffect |= outcome.Status == ChargeStatus.Unknown && kind != ProviderCall.LookUp;
    }

    /// <summary>An attempt that certainly had no effect proves nothing about an earlier one.</summary>
    internal ChargeOutcome? Outcome() => Last is not { } last ? null
        : (last.Status == ChargeStatus.Unavailable && mayHaveTakenEffect ? last with { Status = ChargeStatus.Unknown } : last) with
        {
            Calls = calls,
        };
}
