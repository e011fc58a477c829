using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>A token could not be checked, because its key is not known and the provider that may have published it cannot be asked.</summary>
internal sealed class UncheckedTokenException(string problem) : Exception(problem);

/// <summary>Answers a token that could not be checked with 503: at 401 a client would throw away a token that may be good.</summary>
internal static class UncheckedAnswer
{
    private static readonly string Wait = IssuerKeys.Pause.TotalSeconds.ToString("0", System.Globalization.CultureInfo.InvariantCulture);

    internal static async Task ChallengeAsync(JwtBearerChallengeContext challenge)
    {
        if (challenge.AuthenticateFailure is not UncheckedTokenException)
            return;
        challenge.HandleResponse();
        challenge.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        challenge.Response.Headers.RetryAfter = Wait;
        await challenge.HttpContext.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = challenge.HttpContext,
            ProblemDetails =
            {
                Status = StatusCodes.Status503ServiceUnavailable,
                Detail = "The token cannot be checked, because the identity provider cannot be asked for its key. Nothing was done; try again with the same token.",
            },
        });
    }
}
