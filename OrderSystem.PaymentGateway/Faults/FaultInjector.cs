using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentGateway.Faults;

internal enum AfterEffect
{
    Answer,
    Drop,
    Error,
}

/// <summary>Decides for each call what goes wrong with it.</summary>
internal sealed class FaultInjector
{
    private readonly TimeProvider _time;
    private volatile Active _active;

    public FaultInjector(IOptions<FaultSettings> atStart, TimeProvider time)
    {
        _time = time;
        _active = new(atStart.Value, time);
    }

    public FaultSettings Settings => _active.Settings;

    public void Set(FaultSettings settings) => _active = new(settings, _time);

    public bool HasErrors() => Roll(settings => settings.ErrorRate);

    public bool Hangs() => Roll(settings => settings.HangRate);

    public bool SaysKeyInUse() => Roll(settings => settings.KeyInUseRate);

    public TimeSpan? RetryAfter() => _active.Rate?.Take();

    public AfterEffect AfterEffect() =>
        Roll(settings => settings.DropAfterChargeRate) ? Faults.AfterEffect.Drop
        : Roll(settings => settings.ErrorAfterChargeRate) ? Faults.AfterEffect.Error
        : Faults.AfterEffect.Answer;

    public Task DelayAsync()
    {
        var active = _active;
        var delay = active.Settings.Latency;
        if (active.Settings.Jitter > TimeSpan.Zero) delay += active.Settings.Jitter * active.Dice.Next();
        return delay > TimeSpan.Zero ? Task.Delay(delay, _time, CancellationToken.None) : Task.CompletedTask;
    }

    public string? DeclineReason(string orderId, decimal amount)
    {
        var settings = _active.Settings;
        if (amount > settings.DeclineAbove) return "amount_too_high";
        if (settings.DeclineCents.Length > 0 && settings.DeclineCents.Contains((int)(amount * 100 % 100))) return "card_declined";
        if (settings.DeclineOrders.Length > 0 && settings.DeclineOrders.Contains(orderId, StringComparer.Ordinal)) return "do_not_honor";
        return Roll(current => current.DeclineRate) ? "insufficient_funds" : null;
    }

    private bool Roll(Func<FaultSettings, double> rate)
    {
        var active = _active;
        var chance = rate(active.Settings);
        return chance > 0 && active.Dice.Next() < chance;
    }

    private sealed class Active(FaultSettings settings, TimeProvider time)
    {
        public FaultSettings Settings { get; } = settings;

        public Dice Dice { get; } = new(settings.Seed);

        public RequestRate? Rate { get; } = settings.RateLimit is { } perSecond ? new(perSecond, time) : null;
    }

    private sealed class Dice(int? seed)
    {
        private readonly Random? _seeded = seed is { } value ? new(value) : null;

        public double Next()
        {
            if (_seeded is null) return Random.Shared.NextDouble();
            lock (_seeded) return _seeded.NextDouble();
        }
    }
}
