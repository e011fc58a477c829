using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>
/// Limits the resources of a connection, a request and a client, and adds headers that keep browsers from interpreting responses.
/// </summary>
public static class HttpProtection
{
    /// <summary>Largest request body that any endpoint reads, in bytes.</summary>
    public const int MaxBody = 60 * 1024;

    private const int MaxHeaders = 64;

    /// <summary>For the request line and headers, from the first byte.</summary>
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Keep-alive of an idle connection. Longer than the usual 60 s of proxies, so that the proxy closes it: if the service did, that would
    /// race with the proxy's next request.
    /// </summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(75);

    /// <summary>Minimum data rate of a request body: the largest body takes a minute at most.</summary>
    private static readonly MinDataRate MinBodyRate = new(bytesPerSecond: 1_024, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>Adds the limits of connections, requests and clients (section <c>Limits</c>).</summary>
    public static void AddHttpProtection(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<LimitOptions>(LimitOptions.Section);
        builder.Services.AddOptions<KestrelServerOptions>()
            .Configure<IOptions<LimitOptions>>((kestrel, limits) => Limit(kestrel, ValueOrDefaults(limits)));
        builder.Services.AddSingleton<ConcurrentRequestLimit>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOptions<RateLimiterOptions>()
            .Configure<IOptions<LimitOptions>>((limiter, limits) => ClientLimits.Configure(limiter, limits.Value));
    }

    /// <summary>
    /// Applies the limit of concurrent requests before authentication, where rejecting a request costs almost nothing.
    /// <see cref="ClientLimits"/> apply after authentication.
    /// </summary>
    public static void UseHttpProtection(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Response.OnStarting(AddHeaders, context.Response);

            // Resolved per request, because the start of the host reports invalid settings; building the pipeline would throw first.
            return context.RequestServices.GetRequiredService<ConcurrentRequestLimit>().InvokeAsync(context, next);
        });
    }

    /// <summary>
    /// Kestrel is configured before the start, which validates the options. Defaults replace invalid ones until then; the failed validation
    /// keeps the server from ever listening with them.
    /// </summary>
    private static LimitOptions ValueOrDefaults(IOptions<LimitOptions> limits)
    {
        try
        {
            return limits.Value;
        }
        catch (Exception failure) when (failure is OptionsValidationException or InvalidOperationException)
        {
            return new();
        }
    }

    private static void Limit(KestrelServerOptions kestrel, LimitOptions options)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = options.Connections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = MaxBody;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.RequestHeadersTimeout = HeadTimeout;
        limits.KeepAliveTimeout = IdleTimeout;
        limits.MinRequestBodyDataRate = MinBodyRate;
    }

    /// <summary>When the response starts, because the exception handler clears headers that were set before.</summary>
    private static Task AddHeaders(object response)
    {
        var headers = ((HttpResponse)response).Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
