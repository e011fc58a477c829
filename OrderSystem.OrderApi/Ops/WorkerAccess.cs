using System.Net.Http.Headers;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi.Ops;

/// <summary>
/// Sends a token with <see cref="Scopes.Operate"/> to the payment worker and to no other host: the service's own, or that of the operator
/// whose request it is.
/// </summary>
internal sealed class WorkerAccess(Func<AuditOptions> options, IHttpContextAccessor? contextAccessor) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var audit = options();
        if (audit.WorkerUrl is { } worker && request.RequestUri is { } address
            && Uri.Compare(worker, address, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0)
        {
            request.Headers.Authorization = Token(audit) is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        }

        return await base.SendAsync(request, cancellationToken);
    }

    private string? Token(AuditOptions audit)
    {
        if (!string.IsNullOrWhiteSpace(audit.WorkerToken))
            return audit.WorkerToken.Trim();
        return contextAccessor?.HttpContext is { } http && http.User.Has(Scopes.Operate)
            && AuthenticationHeaderValue.TryParse(http.Request.Headers.Authorization, out var header) ? header.Parameter : null;
    }
}
