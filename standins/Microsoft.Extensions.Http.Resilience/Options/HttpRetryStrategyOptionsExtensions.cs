using System.Diagnostics.CodeAnalysis;
using Polly;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Narrows what is retried.</summary>
[Experimental("EXTEXP0001")]
public static class HttpRetryStrategyOptionsExtensions
{
    /// <summary>Never retries POST, PUT, PATCH, DELETE and CONNECT.</summary>
    public static void DisableForUnsafeHttpMethods(this HttpRetryStrategyOptions options) =>
        options.DisableFor(HttpMethod.Delete, HttpMethod.Patch, HttpMethod.Post, HttpMethod.Put, HttpMethod.Connect);

    /// <summary>Never retries requests with one of the <paramref name="methods"/>.</summary>
    public static void DisableFor(this HttpRetryStrategyOptions options, params HttpMethod[] methods)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(methods);
        if (methods.Length == 0) throw new ArgumentException("Name at least one method.", nameof(methods));

        var inner = options.ShouldHandle;
        options.ShouldHandle = async args =>
            await inner(args).ConfigureAwait(args.Context.ContinueOnCapturedContext)
            && args.Context.GetRequestMessage() is var request
            && (request is null || !methods.Contains(request.Method));
    }
}
