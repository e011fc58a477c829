using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Idempotency;

/// <summary>What became of a new call: an entry in the ledger, or a refusal that left none.</summary>
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

/// <summary>Runs a call once per Idempotency-Key and repeats its first answer afterwards.</summary>
internal sealed class KeyedCalls(Book book, FaultInjector faults, Attempts attempts)
{
    private const string KeyHeader = "Idempotency-Key";
    private const string ReplayedHeader = "Idempotency-Replayed";
    private const int MaxKeyLength = 255;

    public async Task<IResult> AnswerAsync(
        HttpContext http, Func<Entry, bool> isSameRequest, Func<string, Task<Processed>> process, Func<Entry, IResult> answer)
    {
        string? key = http.Request.Headers[KeyHeader];
        if (string.IsNullOrWhiteSpace(key) || key.Length > MaxKeyLength) return Refuse(Attempt.KeyMissing, Problems.KeyMissing);

        var fingerprint = Fingerprint.Of(key);
        var claim = book.Claim(fingerprint);
        if (claim.IsInUse) return Refuse(Attempt.KeyInUse, Problems.KeyInUse);
        if (claim.Known is { } known) return isSameRequest(known) ? Replay(http, answer(known)) : Refuse(Attempt.KeyReused, Problems.KeyReused);

        try
        {
            if (faults.SaysKeyInUse()) return Refuse(Attempt.KeyInUse, Problems.KeyInUse);

            // Not cancelled with the request: a provider finishes what a client gave up on.
            await faults.DelayAsync();
            var processed = await process(key);
            return processed.Entry is { } entry ? Finish(http, () => answer(entry)) : Refuse(Attempt.Refused, processed.Refusal!);
        }
        finally
        {
            book.Release(fingerprint);
        }
    }

    private IResult Finish(HttpContext http, Func<IResult> answer)
    {
        switch (faults.AfterEffect())
        {
            case AfterEffect.Drop:
                attempts.Count(Attempt.DroppedAfterEffect);
                http.Abort();
                return TypedResults.Empty;
            case AfterEffect.Error:
                return Refuse(Attempt.ErrorAfterEffect, Problems.ServerError);
            default:
                return answer();
        }
    }

    private IResult Replay(HttpContext http, IResult answer)
    {
        attempts.Count(Attempt.Replayed);
        http.Response.Headers[ReplayedHeader] = "true";
        return answer;
    }

    private IResult Refuse(Attempt outcome, IResult problem)
    {
        attempts.Count(outcome);
        return problem;
    }
}

internal static class IdempotencySetup
{
    public static void AddIdempotency(this WebApplicationBuilder builder) => builder.Services.AddSingleton<KeyedCalls>();
}
