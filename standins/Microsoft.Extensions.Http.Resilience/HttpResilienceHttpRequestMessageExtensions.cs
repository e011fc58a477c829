using Polly;

namespace System.Net.Http;

/// <summary>The resilience context that travels with a request.</summary>
public static class HttpResilienceHttpRequestMessageExtensions
{
    private static readonly HttpRequestOptionsKey<ResilienceContext?> s_key = new("Resilience.Http.ResilienceContext");

    /// <summary>The context of the request; null when none was set.</summary>
    public static ResilienceContext? GetResilienceContext(this HttpRequestMessage requestMessage)
    {
        ArgumentNullException.ThrowIfNull(requestMessage);
        return requestMessage.Options.TryGetValue(s_key, out var context) ? context : null;
    }

    /// <summary>Sets the context that the handlers use instead of one of their own.</summary>
    public static void SetResilienceContext(this HttpRequestMessage requestMessage, ResilienceContext? resilienceContext)
    {
        ArgumentNullException.ThrowIfNull(requestMessage);
        requestMessage.Options.Set(s_key, resilienceContext);
    }
}
