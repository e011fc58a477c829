using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Defaults of every client from <see cref="IHttpClientFactory"/>: timeouts, retries and circuit breakers.</summary>
public static class HttpClientDefaults
{
    /// <summary>
    /// Adds the standard resilience pipeline with its defaults: 30 s in total, 10 s per attempt, three retries, a circuit breaker per host.
    /// The timeouts cover the body, see <see cref="ResponseBuffer"/>. Only safe methods are retried: a POST may have taken effect although
    /// its response was lost.
    /// </summary>
    internal static void AddHttpClientDefaults(this IHostApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpClientDefaults(client =>
        {
            client.AddStandardResilienceHandler(options => options.Retry.DisableForUnsafeHttpMethods()).SelectPipelineByAuthority();
            client.AddHttpMessageHandler(() => new ResponseBuffer());
        });

        // The OTLP exporters have their own timeout and retries, and must not log each export.
        foreach (var exporter in (string[])["OtlpTraceExporter", "OtlpMetricExporter", "OtlpLogExporter"])
            builder.Services.AddHttpClient(exporter).RemoveHttpClientDefaults();
        builder.Logging.AddFilter("Polly", LogLevel.Warning);
    }

    /// <summary>
    /// Removes the defaults from a client that has its own timeouts and retries. Handlers that are added afterwards stay.
    /// </summary>
    public static IHttpClientBuilder RemoveHttpClientDefaults(this IHttpClientBuilder client) =>
        client.ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Clear());
}
