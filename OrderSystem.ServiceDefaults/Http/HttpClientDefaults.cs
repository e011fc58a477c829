using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>What every client of <see cref="IHttpClientFactory"/> gets, so that no call waits for ever.</summary>
public static class HttpClientDefaults
{
    /// <summary>
    /// Adds the standard pipeline with its defaults: 30 s in total, 10 s for an attempt, three repetitions, a circuit breaker for each host. The body
    /// counts too, see <see cref="ResponseBuffer"/>. Only what changes nothing is repeated: a POST may have been heard although its answer was lost.
    /// </summary>
    internal static void AddHttpClientDefaults(this IHostApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpClientDefaults(client =>
        {
            client.AddStandardResilienceHandler(options => options.Retry.DisableForUnsafeHttpMethods()).SelectPipelineByAuthority();
            client.AddHttpMessageHandler(() => new ResponseBuffer());
        });

        // Telemetry has a deadline and repetitions of its own, and must not write about each of its exports.
        foreach (var exporter in (string[])["OtlpTraceExporter", "OtlpMetricExporter", "OtlpLogExporter"])
            builder.Services.AddHttpClient(exporter).RemoveHttpClientDefaults();
        builder.Logging.AddFilter("Polly", LogLevel.Warning);
    }

    /// <summary>Takes the defaults from a client that has deadlines and repetitions of its own. What is added to the client afterwards stays.</summary>
    public static IHttpClientBuilder RemoveHttpClientDefaults(this IHttpClientBuilder client) => client.ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Clear());
}
