using System.Globalization;
using System.Text;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// Text from the provider or from a failed connection. It is stored, published and logged, and must not make any of these fail.
/// </summary>
internal static class ProviderText
{
    /// <summary>Maximum length in characters.</summary>
    internal const int Longest = 500;

    private const int MaxIdLength = 200;

    /// <summary>
    /// One line of at most <see cref="Longest"/> characters: control characters become spaces, unpaired surrogates the replacement
    /// character.
    /// </summary>
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

    /// <summary>Whether the text can be stored and sent back unchanged: a cleaned id would be a different id.</summary>
    internal static bool IsId(string? text) => text is { Length: > 0 and <= MaxIdLength }
        && text.EnumerateRunes().All(rune => IsPrintable(rune) && rune != Rune.ReplacementChar);

    private static bool IsPrintable(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
