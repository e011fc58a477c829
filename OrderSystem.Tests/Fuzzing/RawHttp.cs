using System.Globalization;
using System.Net.Sockets;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>An answer, as the bytes say it.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    internal string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>Says requests that no HTTP client would: one to a connection, which the server is asked to close.</summary>
internal static class RawHttp
{
    /// <summary>Sends the bytes and reads the answer until the server closes.</summary>
    /// <param name="api">Where to.</param>
    /// <param name="request">Head and body.</param>
    /// <param name="isWhole">False: the server may be waiting for more, and is told that there is none.</param>
    /// <returns>Null when the server closed without an answer.</returns>
    internal static async Task<RawAnswer?> SendAsync(Uri api, byte[] request, bool isWhole)
    {
        using var connection = await RawConnection.OpenAsync(api);
        try
        {
            await connection.SendAsync(request);
            if (!isWhole)
                connection.EndSending();
        }
        catch (SocketException)
        {
            // It refused what was still to come, as it may with a body that is too large: what it said before that counts.
        }

        return Read(await connection.ReadToEndAsync());
    }

    private static RawAnswer? Read(string text)
    {
        while (text.StartsWith("HTTP/1.1 1", StringComparison.Ordinal) && text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var interim)
            text = text[(interim + 4)..];
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return null;
        var lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Select(parts => (parts[0], parts[^1].Trim())).ToArray();
        return new RawAnswer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, text[(end + 4)..]);
    }
}
