using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>Answers 403 with the missing scope, in <c>WWW-Authenticate</c> (RFC 6750) and in the problem details.</summary>
internal sealed class ForbiddenResultHandler : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler defaultHandler = new();

    public async Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (!authorizeResult.Forbidden)
        {
            await defaultHandler.HandleAsync(next, context, policy, authorizeResult);
            return;
        }

        var missing = context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(authorize => authorize.Policy)
            .FirstOrDefault(scope => scope is not null && !context.User.Has(scope));
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        if (missing is not null)
            context.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{missing}\"";
        await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails =
            {
                Status = StatusCodes.Status403Forbidden,
                Detail = missing is not null
                    ? $"The token lacks the scope {missing}; request a token with this scope."
                    : "The token does not identify its client; request one with a client_id, azp or sub "
                        + "of 1 to 255 printable ASCII characters.",
            },
        });
    }
}
