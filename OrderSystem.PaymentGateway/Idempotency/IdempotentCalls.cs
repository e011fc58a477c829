using System.Collections.Concurrent;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Idempotency;

/// <summary>The result of a first call: an entry in the ledger, or a refusal without an entry.</summary>
internal readonly record struct Processed(Entry? Entry, IResult? Refusal)
{
    public Processed(Entry entry)
        : this(entry, Refusal: null)
    {
    }

    public Processed(IResult refusal)
        : this(Entry: null, refusal)
    {
    }
}

/// <summary>Processes a call once per Idempotency-Key and replays the first response afterwards.</summary>
internal sealed class IdempotentCalls(LedgerIndex index, FaultInjector faults, CallCounter counter)
{
    private const string KeyHeader = "Idempotency-Key";
    private const int MaxKeyLength = 255;

    /// <summary>Keys whose response was an error after the effect, for an API that repeats it. A restart forgets them.</summary>
    private readonly ConcurrentDictionary<UInt128, bool> failed = new();

    public async Task<IResult> AnswerAsync(
        HttpContext http, ErrorBodies errors, Func<Entry, bool> isSameRequest, Func<string, Task<Processed>> process,
        Func<Entry, IResult> answer)
    {
        string? key = http.Request.Headers[KeyHeader];
        if (string.IsNullOrWhiteSpace(key) || key.Length > MaxKeyLength) return Refuse(CallOutcome.KeyMissing, errors.KeyMissing);

        var fingerprint = Fingerprint.Of(key);
        var claim = index.Claim(fingerprint);
        if (claim.IsInUse) return Refuse(CallOutcome.KeyInUse, errors.KeyInUse);
        if (claim.Known is { } known)
        {
            if (!isSameRequest(known)) return Refuse(CallOutcome.KeyReused, errors.KeyReused);
            return Replay(http, errors, failed.ContainsKey(fingerprint) ? errors.ServerError : answer(known));
        }

        try
        {
            if (faults.ReportsKeyInUse()) return Refuse(CallOutcome.KeyInUse, errors.KeyInUse);

            // Not cancelled with the request: a provider completes a call that its client has abandoned.
            await faults.DelayAsync();
            var processed = await process(key);
            return processed.Entry is { } entry
                ? Finish(http, errors, fingerprint, () => answer(entry))
                : Refuse(CallOutcome.Refused, processed.Refusal!);
        }
        finally
        {
            index.Release(fingerprint);
        }
    }

    private IResult Finish(HttpContext http, ErrorBodies errors, UInt128 key, Func<IResult> answer)
    {
        switch (faults.AfterEffect())
        {
            case AfterEffect.Drop:
                counter.Count(CallOutcome.DroppedAfterEffect);
                http.Abort();
                return TypedResults.Empty;
            case AfterEffect.Error:
                if (errors.RepeatsErrors) failed[key] = true;
                return Refuse(CallOutcome.ErrorAfterEffect, errors.ServerError);
            default:
                return answer();
        }
    }

    private IResult Replay(HttpContext http, ErrorBodies errors, IResult answer)
    {
        counter.Count(CallOutcome.Replayed);
        http.Response.Headers[errors.ReplayedHeader] = "true";
        return answer;
    }

    private IResult Refuse(CallOutcome outcome, IResult problem)
    {
        counter.Count(outcome);
        return problem;
    }
}

internal static class IdempotencySetup
{
    public static void AddIdempotency(this WebApplicationBuilder builder) => builder.Services.AddSingleton<IdempotentCalls>();
}
