namespace Polly;

/// <summary>The request that a resilience context belongs to.</summary>
public static class HttpResilienceContextExtensions
{
    private static readonly ResiliencePropertyKey<HttpRequestMessage?> s_key = new("Resilience.Http.RequestMessage");

    /// <summary>The request; null outside an HTTP call.</summary>
    public static HttpRequestMessage? GetRequestMessage(this ResilienceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Properties.GetValue(s_key, null);
    }

    /// <summary>Sets the request.</summary>
    public static void SetRequestMessage(this ResilienceContext context, HttpRequestMessage? requestMessage)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Properties.Set(s_key, requestMessage);
    }
}
