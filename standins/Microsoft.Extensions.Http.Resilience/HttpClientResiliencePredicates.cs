using System.Diagnostics.CodeAnalysis;
using System.Net;
using Polly;
using Polly.Timeout;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Which outcomes of an HTTP call are worth another try.</summary>
public static class HttpClientResiliencePredicates
{
    /// <summary>True for <see cref="HttpRequestException"/>, <see cref="TimeoutRejectedException"/>, 408, 429 and every 5xx.</summary>
    public static bool IsTransient(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result.StatusCode: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError } => true,
        _ => false,
    };

    /// <summary>As the other overload, and true for a connect timeout of the socket handler, unless the caller cancelled.</summary>
    [Experimental("EXTEXP0001")]
    public static bool IsTransient(Outcome<HttpResponseMessage> outcome, CancellationToken cancellationToken) =>
        IsTransient(outcome)
        || (!cancellationToken.IsCancellationRequested
            && outcome.Exception is OperationCanceledException { Source: "System.Private.CoreLib", InnerException: TimeoutException });
}
