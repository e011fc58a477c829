using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>Says which scope a token lacks, in the header of RFC 6750 and in words.</summary>
internal sealed class ForbiddenAnswer : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler usual = new();

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (!authorizeResult.Forbidden)
        {
            await usual.HandleAsync(next, context, policy, authorizeResult);
            return;
        }

        var lacking = context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(asked => asked.Policy).FirstOrDefault(scope => scope is not null && !context.User.Has(scope));
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        if (lacking is not null)
            context.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{lacking}\"";
        await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails =
            {
                Status = StatusCodes.Status403Forbidden,
                Detail = lacking is not null ? $"The token lacks the scope {lacking}." : "The token does not say which client it was given to: none of client_id, azp and sub is a name.",
            },
        });
    }
}
