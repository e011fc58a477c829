using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// Limits calls beyond first attempts: retries of the pipeline, and every call for a payment that was begun before. A retry storm would be
/// the second outage of a recovering provider. First attempts are never counted and never wait.
/// </summary>
internal sealed class RetryBudget(IOptions<GatewayOptions> options, TimeProvider time)
{
    /// <summary>Tolerance for the rounding of binary fractions: ten times 0.1 must be 1.</summary>
    private const double Rounding = 1e-9;

    private readonly GatewayOptions.RetryBudgetOptions settings = options.Value.RetryBudget;
    private readonly Lock guard = new();
    private double tokens = options.Value.RetryBudget.Burst;
    private long filledAt = time.GetTimestamp();

    /// <summary>Retries that may be made now.</summary>
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

    /// <summary>Adds the share of a first attempt to the budget.</summary>
    internal void Earn()
    {
        lock (guard)
        {
            Fill();
            tokens = Math.Min(settings.Burst, tokens + settings.Ratio);
        }
    }

    /// <summary>Spends the budget for all of the calls, or for none.</summary>
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
    /// Returns the budget of calls that were not made or that got an answer. A provider that answers is not failing, so that payments that
    /// wait after an outage, its own or ours, drain as fast as it answers.
    /// </summary>
    /// <param name="spent">The calls that were spent on the payment before its request.</param>
    /// <param name="outcome">The outcome of the request, with its calls.</param>
    internal void Settle(int spent, ChargeOutcome outcome)
    {
        var kinds = outcome.Calls.Select(call => call.Kind).Distinct(StringComparer.Ordinal).Count();
        var retried = outcome.Calls.Count > kinds ? 1 : 0;
        Return(outcome.IsAnswer ? spent + retried : Math.Max(0, spent - kinds));
    }

    private void Return(int calls)
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
