namespace OrderSystem.OrderApi.Idempotency;

/// <summary>The <c>Idempotency-Key</c> of a request, within the client that sent it.</summary>
/// <param name="ClientId">The client that sent it.</param>
/// <param name="Key">The key, 1 to 255 printable ASCII characters without commas.</param>
internal readonly record struct IdempotencyKey(string ClientId, string Key)
{
    internal const string Header = "Idempotency-Key";

    /// <summary>Set on a replayed answer.</summary>
    internal const string ReplayedHeader = "Idempotency-Replayed";

    private const int MaxLength = 255;

    /// <summary>Reads the header; null when there is none.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    internal static string? TryRead(HttpRequest request, string clientId, out IdempotencyKey? key)
    {
        key = null;
        var values = request.Headers[Header];
        if (values.Count == 0)
            return null;
        var text = values.ToString();

        // A proxy may have joined two headers with a comma.
        if (values.Count > 1 || text.Contains(','))
            return "must be sent once and contain no comma";
        if (text.Length is 0 or > MaxLength || text.AsSpan().ContainsAnyExceptInRange(' ', '~') || string.IsNullOrWhiteSpace(text))
            return $"must have 1 to {MaxLength} printable ASCII characters";
        key = new(clientId, text);
        return null;
    }
}
