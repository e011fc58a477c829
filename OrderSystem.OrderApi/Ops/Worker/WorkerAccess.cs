using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.OrderApi.Ops.Worker;

/// <summary>
/// Adds a token with <see cref="Scopes.Operate"/> to requests to the payment worker, and to no other host: the configured one, or that of
/// the operator whose request is being answered.
/// </summary>
internal sealed class WorkerAccess(Func<WorkerOptions> options, IHttpContextAccessor? caller) : DelegatingHandler
{
    internal static void AddTo(IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<WorkerOptions>(WorkerOptions.Section);
        builder.Services.AddTransient(services => new WorkerAccess(
            () => services.GetRequiredService<IOptionsMonitor<WorkerOptions>>().CurrentValue,
            services.GetRequiredService<IHttpContextAccessor>()));
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var worker = options();
        if (worker.WorkerUrl is { } url && request.RequestUri is { } address
            && Uri.Compare(url, address, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0)
            request.Headers.Authorization = Token(worker) is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        return await base.SendAsync(request, cancellationToken);
    }

    private string? Token(WorkerOptions worker)
    {
        if (!string.IsNullOrWhiteSpace(worker.WorkerToken))
            return worker.WorkerToken.Trim();
        return caller?.HttpContext is { } http
            && http.User.Has(Scopes.Operate)
            && AuthenticationHeaderValue.TryParse(http.Request.Headers.Authorization, out var header)
            ? header.Parameter : null;
    }
}
