using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;

namespace OrderSystem.PaymentGateway.Stripe;

/// <summary>
/// Gives every response a request id, and lets only requests with an API key pass: as a bearer token, or as the user name of basic
/// authentication. Any secret or restricted key will do, unless <c>Stripe__ApiKey</c> names the one that does.
/// </summary>
internal sealed class StripeKeyFilter(IConfiguration configuration) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Response.Headers["Request-Id"] = $"req_{Guid.NewGuid():N}";
        return IsAccepted(KeyOf(http.Request)) ? next(context) : new(StripeErrors.InvalidKey);
    }

    private bool IsAccepted(string? key) => configuration["Stripe:ApiKey"] is { Length: > 0 } only
        ? key == only
        : key?.StartsWith("sk_", StringComparison.Ordinal) == true || key?.StartsWith("rk_", StringComparison.Ordinal) == true;

    private static string? KeyOf(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var given)) return null;
        if (given.Parameter is not { } value) return null;
        if (given.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) return value;
        if (!given.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) || !Base64.IsValid(value)) return null;
        return Encoding.UTF8.GetString(Convert.FromBase64String(value)).Split(':')[0];
    }
}
