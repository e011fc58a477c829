namespace OrderSystem.PaymentWorker.Payments;

/// <summary>Status of a payment, in the database by its name in lower case.</summary>
internal enum PaymentStatus
{
    /// <summary>The provider is about to be called, or is being called.</summary>
    Charging,

    /// <summary>A call had an unknown outcome; it is retried with the same key, or looked up.</summary>
    Unknown,

    /// <summary>The provider has accepted the charge; a webhook or a look-up brings its outcome.</summary>
    Processing,

    /// <summary>Charged.</summary>
    Succeeded,

    /// <summary>The provider declined; nothing was charged.</summary>
    Declined,

    /// <summary>The order was cancelled before anything was charged.</summary>
    Cancelled,

    /// <summary>The order was cancelled after the charge; the refund is not confirmed yet.</summary>
    Refunding,

    /// <summary>Refunded.</summary>
    Refunded,

    /// <summary>In manual review.</summary>
    Review,
}

/// <summary>Names of the statuses, and which of them may follow which.</summary>
internal static class PaymentStatuses
{
    private static readonly string[] Names = [.. Enum.GetNames<PaymentStatus>().Select(name => name.ToLowerInvariant())];

    /// <summary>
    /// The outcomes that each status may end in. <c>Succeeded</c> becomes <c>Refunding</c> in the same statement
    /// when the order is cancelled.
    /// </summary>
    private static readonly Dictionary<PaymentStatus, PaymentStatus[]> Outcomes = new()
    {
        [PaymentStatus.Charging] = [PaymentStatus.Succeeded, PaymentStatus.Declined, PaymentStatus.Refunded, PaymentStatus.Review],
        [PaymentStatus.Unknown] = [PaymentStatus.Succeeded, PaymentStatus.Declined, PaymentStatus.Refunded, PaymentStatus.Review],
        [PaymentStatus.Processing] = [PaymentStatus.Succeeded, PaymentStatus.Declined, PaymentStatus.Refunded, PaymentStatus.Review],
        [PaymentStatus.Refunding] = [PaymentStatus.Refunded, PaymentStatus.Review],
        [PaymentStatus.Review] = [PaymentStatus.Succeeded, PaymentStatus.Declined, PaymentStatus.Refunded],
    };

    internal static string ToName(this PaymentStatus status) => Names[(int)status];

    internal static PaymentStatus Parse(string name) =>
        Array.IndexOf(Names, name) is >= 0 and var index
            ? (PaymentStatus)index
            : throw new ArgumentException($"'{name}' is no status of a payment.", nameof(name));

    /// <summary>Whether an outcome may end a payment of this status.</summary>
    internal static bool MayBecome(this PaymentStatus status, PaymentStatus outcome) =>
        Outcomes.TryGetValue(status, out var allowed) && allowed.Contains(outcome);
}
