using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>A token could not be validated: its key is unknown, and the provider that may have published it is unavailable.</summary>
internal sealed class IssuerKeysUnavailableException(string problem) : Exception(problem);

/// <summary>Answers 503 when a token could not be validated: at 401 a client would discard a token that may be valid.</summary>
internal static class IssuerKeysUnavailableResponse
{
    private static readonly string RetryAfter =
        IssuerKeys.RetryInterval.TotalSeconds.ToString("0", System.Globalization.CultureInfo.InvariantCulture);

    internal static async Task ChallengeAsync(JwtBearerChallengeContext challenge)
    {
        if (challenge.AuthenticateFailure is not IssuerKeysUnavailableException)
            return;
        challenge.HandleResponse();
        challenge.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        challenge.Response.Headers.RetryAfter = RetryAfter;
        await challenge.HttpContext.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = challenge.HttpContext,
            ProblemDetails =
            {
                Status = StatusCodes.Status503ServiceUnavailable,
                Detail = "The token cannot be validated, because the keys of the identity provider cannot be fetched. "
                    + "Nothing was done; retry with the same token.",
            },
        });
    }
}
