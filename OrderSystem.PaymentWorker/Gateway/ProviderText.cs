using System.Globalization;
using System.Text;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>Text that the provider or a failed connection has written. It is stored, published and logged, so it must never be what makes one of these fail.</summary>
internal static class ProviderText
{
    /// <summary>Characters that are kept.</summary>
    internal const int Longest = 500;

    private const int LongestId = 200;

    /// <summary>One line of at most <see cref="Longest"/> characters: control characters become spaces, half surrogate pairs the replacement character.</summary>
    internal static string Clean(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, Longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > Longest)
                break;
            clean.Append(IsPrintable(rune) ? rune.ToString() : " ");
        }

        return clean.ToString().Trim();
    }

    /// <summary>Whether it can be stored and sent back as it is. A cleaned id would be another id.</summary>
    internal static bool IsId(string? text) => text is { Length: > 0 and <= LongestId } && text.EnumerateRunes().All(rune => IsPrintable(rune) && rune != Rune.ReplacementChar);

    private static bool IsPrintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
