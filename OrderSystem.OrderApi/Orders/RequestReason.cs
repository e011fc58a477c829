using System.Text;

namespace OrderSystem.OrderApi.Orders;

/// <summary>The reason that a client gives for a cancellation or a refund, for people.</summary>
internal static class RequestReason
{
    private const int MaxLength = 200;

    /// <summary>Why this is no reason; null when it is one, or when there is none.</summary>
    internal static string? WhyNot(string? reason) =>
        reason is { Length: 0 or > MaxLength }
        || reason?.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar || Rune.IsControl(rune)) == true
            ? $"must be 1 to {MaxLength} characters of printable text"
            : null;
}
