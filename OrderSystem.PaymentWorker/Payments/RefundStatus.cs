using OrderSystem.Messaging.Contracts;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>Status of a refund of a paid order, in the database by its name in lower case.</summary>
internal enum RefundStatus
{
    /// <summary>It is being made.</summary>
    Pending,

    /// <summary>A person has to find out whether it was made, or why it cannot be.</summary>
    Review,

    Succeeded,

    /// <summary>It can never be made; nothing was given back by it.</summary>
    Failed,
}

/// <summary>Names of the statuses and of the sources.</summary>
internal static class RefundNames
{
    private static readonly string[] Statuses = [.. Enum.GetNames<RefundStatus>().Select(name => name.ToLowerInvariant())];
    private static readonly string[] Sources = [.. Enum.GetNames<RefundSource>().Select(name => name.ToLowerInvariant())];

    internal static string ToName(this RefundStatus status) => Statuses[(int)status];

    internal static string ToName(this RefundSource source) => Sources[(int)source];

    internal static RefundStatus ParseStatus(string name) => (RefundStatus)IndexOf(Statuses, name);

    internal static RefundSource ParseSource(string name) => (RefundSource)IndexOf(Sources, name);

    private static int IndexOf(string[] names, string name) => Array.IndexOf(names, name) is >= 0 and var index
        ? index
        : throw new ArgumentException($"'{name}' is none of {string.Join(", ", names)}.", nameof(name));
}
