using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Bounds what a connection, a request and a client may cost, and tells browsers that there is nothing here for them.</summary>
public static class HttpProtection
{
    /// <summary>The largest body that any route reads.</summary>
    public const int MaxBody = 60 * 1024;

    private const int MaxHeaders = 64;

    /// <summary>For the head of a request, from its first byte.</summary>
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);

    /// <summary>For a connection without a request. Longer than the minute for which proxies usually keep one, so that they close it and not the service under their next request.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(75);

    /// <summary>In bytes a second, after some seconds of grace: the largest body takes a minute at most.</summary>
    private static readonly MinDataRate SlowestBody = new(bytesPerSecond: 1_024, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>Adds the limits of connections, requests and clients.</summary>
    public static void AddHttpProtection(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<LimitOptions>(LimitOptions.Section);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<LimitOptions>>((kestrel, limits) => Limit(kestrel, Readable(limits)));
        builder.Services.AddSingleton<RequestBound>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOptions<RateLimiterOptions>().Configure<IOptions<LimitOptions>>((limiter, limits) => ClientLimits.Configure(limiter, limits.Value));
    }

    /// <summary>Comes before who asks is known: it costs hardly anything to refuse. <see cref="ClientLimits"/> come after.</summary>
    public static void UseHttpProtection(this WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Response.OnStarting(AddHeaders, context.Response);

            // Not before the start: that is where a setting that is wrong is reported.
            return context.RequestServices.GetRequiredService<RequestBound>().InvokeAsync(context, next);
        });
    }

    /// <summary>The server is made before the start, which is where a setting that is wrong is reported: with one it never listens.</summary>
    private static LimitOptions Readable(IOptions<LimitOptions> limits)
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
        limits.MinRequestBodyDataRate = SlowestBody;
    }

    /// <summary>Late, because an exception clears what was set before.</summary>
    private static Task AddHeaders(object response)
    {
        var headers = ((HttpResponse)response).Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
