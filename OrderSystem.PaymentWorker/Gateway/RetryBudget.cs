using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// How many calls may be made beside first attempts: repetitions of the pipeline, and every call for a payment that was begun before. A retry
/// storm is the second outage of a provider that comes back. First attempts are never counted, and never wait.
/// </summary>
internal sealed class RetryBudget(IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Ten tenths are one, whatever the rounding of binary fractions makes of them.</summary>
    private const double Rounding = 1e-9;

    private readonly GatewayOptions.RetryBudgetOptions settings = options.Value.RetryBudget;
    private readonly Lock guard = new();
    private double tokens = options.Value.RetryBudget.Burst;
    private long filledAt = time.GetTimestamp();

    /// <summary>Repetitions that may be made now.</summary>
    internal int Available
    {
        get
        {
            lock (guard)
            {
                Fill();
                return (int)(tokens + Rounding);
            }
        }
    }

    /// <summary>A first attempt was made.</summary>
    internal void Earn()
    {
        lock (guard)
        {
            Fill();
            tokens = Math.Min(settings.Burst, tokens + settings.Ratio);
        }
    }

    /// <summary>Asks to repeat; all of the calls or none.</summary>
    internal bool TrySpend(int calls = 1)
    {
        lock (guard)
        {
            Fill();
            if (tokens + Rounding < calls)
                return false;
            tokens = Math.Max(0, tokens - calls);
            return true;
        }
    }

    /// <summary>
    /// After the calls of a payment: gives back what was not called, and what brought an answer. A provider that answers is not ill, so that the payments that
    /// wait after an outage, or after our own, drain as fast as it answers.
    /// </summary>
    /// <param name="spent">What was spent on the payment before it was asked for.</param>
    /// <param name="outcome">What came of it.</param>
    internal void Settle(int spent, ChargeOutcome outcome)
    {
        var kinds = outcome.Calls.Select(call => call.Kind).Distinct(StringComparer.Ordinal).Count();
        var repeated = outcome.Calls.Count > kinds ? 1 : 0;
        GiveBack(outcome.IsAnswer ? spent + repeated : Math.Max(0, spent - kinds));
    }

    private void GiveBack(int calls)
    {
        if (calls == 0)
            return;
        lock (guard)
        {
            Fill();
            tokens = Math.Min(settings.Burst, tokens + calls);
        }
    }

    private void Fill()
    {
        var now = time.GetTimestamp();
        tokens = Math.Min(settings.Burst, tokens + (time.GetElapsedTime(filledAt, now).TotalSeconds * settings.PerSecond));
        filledAt = now;
    }
}
