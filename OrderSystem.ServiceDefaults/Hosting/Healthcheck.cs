using System.Globalization;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>
/// The <c>healthcheck</c> verb, for container images without a shell and curl: probes the service that runs in the same container with the
/// same settings.
/// </summary>
public static class Healthcheck
{
    private const string Verb = "healthcheck";
    private const string DefaultProbe = "/ready";
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Whether the arguments are <c>healthcheck</c> (probe <c>/ready</c>), or <c>healthcheck /health</c> with another probe.
    /// </summary>
    public static bool Is(string[] args) => args is [Verb] or [Verb, ['/', ..]];

    /// <summary>Calls the probe and writes its URL, status and body to standard output, which <c>docker inspect</c> shows.</summary>
    /// <returns>The exit code: 0 when the probe answers 200; 1 when it answers 503 or not within four seconds.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var probe = new Uri(Address(Environment.GetEnvironmentVariable), args is [_, var path] ? path : DefaultProbe);
        using var client = new HttpClient { Timeout = ProbeTimeout };
        try
        {
            using var answer = await client.GetAsync(probe, CancellationToken.None);
            await Console.Out.WriteLineAsync(
                $"{probe}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(CancellationToken.None)}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            await Console.Out.WriteLineAsync($"{probe}: {failure.Message}");
            return 1;
        }
    }

    /// <summary>The address of the service on its own machine, from the environment variables that the service itself reads.</summary>
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

    private static string? First(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
}
