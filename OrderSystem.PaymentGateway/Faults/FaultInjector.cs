using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentGateway.Faults;

/// <summary>How a call that took effect is answered.</summary>
internal enum AfterEffect
{
    Answer,
    Drop,
    Error,
}

/// <summary>Decides for each call which faults it meets.</summary>
internal sealed class FaultInjector
{
    private readonly TimeProvider time;
    private volatile ActiveFaults current;

    public FaultInjector(IOptions<FaultSettings> initial, TimeProvider time)
    {
        this.time = time;
        current = new(initial.Value, time);
    }

    public FaultSettings Settings => current.Settings;

    public void Set(FaultSettings settings) => current = new(settings, time);

    public bool Fails() => Roll(settings => settings.ErrorRate);

    public bool Hangs() => Roll(settings => settings.HangRate);

    public bool ReportsKeyInUse() => Roll(settings => settings.KeyInUseRate);

    /// <summary>How long the client has to wait; null while it is within the rate limit.</summary>
    public TimeSpan? RetryAfter() => current.RateLimiter?.TryTake();

    public AfterEffect AfterEffect() =>
        Roll(settings => settings.DropAfterChargeRate) ? Faults.AfterEffect.Drop
        : Roll(settings => settings.ErrorAfterChargeRate) ? Faults.AfterEffect.Error
        : Faults.AfterEffect.Answer;

    public Task DelayAsync()
    {
        var active = current;
        var delay = active.Settings.Latency;
        if (active.Settings.Jitter > TimeSpan.Zero) delay += active.Settings.Jitter * active.Dice.Next();
        return delay > TimeSpan.Zero ? Task.Delay(delay, time, CancellationToken.None) : Task.CompletedTask;
    }

    public string? DeclineReason(string orderId, decimal amount)
    {
        var settings = current.Settings;
        if (amount > settings.DeclineAbove) return "amount_too_high";
        var cents = CentsOf(amount);
        if (settings.DeclineCents.Contains(cents)) return "card_declined";
        if (settings.RequiresActionCents.Contains(cents)) return "requires_action";
        if (settings.DeclineOrders.Length > 0 && settings.DeclineOrders.Contains(orderId, StringComparer.Ordinal)) return "do_not_honor";
        return Roll(faults => faults.DeclineRate) ? "insufficient_funds" : null;
    }

    /// <summary>Until when a charge is being processed; null when it is not.</summary>
    public DateTimeOffset? SettlesAt(decimal amount) =>
        Settings is var settings
            && (settings.ProcessingCents.Contains(CentsOf(amount)) || Roll(faults => faults.ProcessingRate))
            ? time.GetUtcNow() + settings.ProcessingFor
            : null;

    /// <summary>How long a webhook is held back.</summary>
    public TimeSpan WebhookDelay() => current is var active && active.Settings.WebhookReorder > TimeSpan.Zero
        ? active.Settings.WebhookDelay + (active.Settings.WebhookReorder * active.Dice.Next())
        : active.Settings.WebhookDelay;

    public bool LosesWebhook() => Roll(settings => settings.WebhookLossRate);

    public bool DoublesWebhook() => Roll(settings => settings.WebhookDuplicateRate);

    public bool SignsWebhookWrongly() => Roll(settings => settings.WebhookWrongSignatureRate);

    private static int CentsOf(decimal amount) => (int)(amount * 100 % 100);

    private bool Roll(Func<FaultSettings, double> rate)
    {
        var active = current;
        var chance = rate(active.Settings);
        return chance > 0 && active.Dice.Next() < chance;
    }

    private sealed class ActiveFaults(FaultSettings settings, TimeProvider time)
    {
        public FaultSettings Settings { get; } = settings;

        public Dice Dice { get; } = new(settings.Seed);

        public TokenBucket? RateLimiter { get; } = settings.RateLimit is { } perSecond ? new(perSecond, time) : null;
    }

    private sealed class Dice(int? seed)
    {
        private readonly Random? seeded = seed is { } value ? new(value) : null;

        public double Next()
        {
            if (seeded is null) return Random.Shared.NextDouble();
            lock (seeded) return seeded.NextDouble();
        }
    }
}
