using System.Globalization;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>
/// The <c>healthcheck</c> verb: asks the service that runs beside it, in the same container and with the same settings. An image without a shell
/// and without curl has no other way to say how it does.
/// </summary>
public static class Healthcheck
{
    private const string Verb = "healthcheck";
    private const string DefaultProbe = "/ready";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>Whether the arguments are <c>healthcheck</c>, or <c>healthcheck /health</c> for another probe than <c>/ready</c>.</summary>
    public static bool Is(string[] args) => args is [Verb] or [Verb, ['/', ..]];

    /// <summary>Asks the probe; what it answers goes to standard output, for <c>docker inspect</c>.</summary>
    /// <returns>The exit code: 0 when it answers 200, else 1.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var probe = new Uri(Address(Environment.GetEnvironmentVariable), args is [_, var path] ? path : DefaultProbe);
        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync(probe, CancellationToken.None);
            await Console.Out.WriteLineAsync($"{probe}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            await Console.Out.WriteLineAsync($"{probe}: {failure.Message}");
            return 1;
        }
    }

    /// <summary>Where the service listens, by the variables that tell the service itself, seen from its own machine.</summary>
    internal static Uri Address(Func<string, string?> variable)
    {
        if (First(variable("ASPNETCORE_URLS") ?? variable("DOTNET_URLS") ?? variable("URLS")) is { } url)
        {
            var address = Microsoft.AspNetCore.Http.BindingAddress.Parse(url);
            var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : address.Host;
            return new UriBuilder(address.Scheme, host, address.Port).Uri;
        }

        var port = First(variable("ASPNETCORE_HTTP_PORTS") ?? variable("DOTNET_HTTP_PORTS") ?? variable("HTTP_PORTS")) ?? "5000";
        return new UriBuilder(Uri.UriSchemeHttp, "localhost", int.Parse(port, CultureInfo.InvariantCulture)).Uri;
    }

    private static string? First(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
}
