using System.Globalization;
using System.Net.Sockets;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>A response, parsed from its bytes.</summary>
internal sealed record RawResponse(int Status, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    internal string? Header(string name) =>
        Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>Sends requests that no HTTP client would send, one for each connection, which the server is asked to close.</summary>
internal static class RawHttp
{
    /// <summary>Sends the bytes and reads the response until the server closes the connection.</summary>
    /// <param name="api">The address of the API.</param>
    /// <param name="request">Head and body.</param>
    /// <param name="isWhole">False if the server may wait for more data: the sending side is then shut down.</param>
    /// <returns>Null when the server closed the connection without a response.</returns>
    internal static async Task<RawResponse?> SendAsync(Uri api, byte[] request, bool isWhole)
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
            // The server has rejected the rest of the request, for example of a body that is too large: its response before that counts.
        }

        return Read(await connection.ReadToEndAsync());
    }

    private static RawResponse? Read(string text)
    {
        while (text.StartsWith("HTTP/1.1 1", StringComparison.Ordinal)
            && text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var interim)
            text = text[(interim + 4)..];
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return null;
        var lines = text[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Select(parts => (parts[0], parts[^1].Trim())).ToArray();
        return new RawResponse(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, text[(end + 4)..]);
    }
}
