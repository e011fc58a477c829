using System.Globalization;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>The query parameter <c>limit</c> of a listing.</summary>
public static class PageLimit
{
    /// <summary>Reads it.</summary>
    /// <param name="limit">As sent; null when it is absent.</param>
    /// <param name="byDefault">When it is absent.</param>
    /// <param name="most">The largest that is accepted.</param>
    /// <param name="errors">Gets an entry <c>limit</c> if it is no number from 1 to <paramref name="most"/>.</param>
    /// <returns>Entries of a page.</returns>
    public static int Read(string? limit, int byDefault, int most, IDictionary<string, string[]> errors)
    {
        if (limit is null)
            return byDefault;
        if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 1 || size > most)
            errors["limit"] = [$"must be between 1 and {most}"];
        return size;
    }
}
