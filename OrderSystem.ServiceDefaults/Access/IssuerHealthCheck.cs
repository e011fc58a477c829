using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// Whether tokens can be checked. Not part of <c>/ready</c>: every instance asks the same provider, and what is behind the API goes on without it.
/// </summary>
internal sealed class IssuerHealthCheck(IOptions<AccessOptions> access, IssuerKeys keys) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (access.Value.MetadataAddress is null)
            return HealthCheckResult.Healthy();

        // A probe makes the next attempt too, so that keys come back, and are there for the first request, before a client needs them.
        if (keys.Current is null || keys.Problem is not null)
            await keys.RefreshAsync().WaitAsync(cancellationToken);
        return keys.Current is null ? HealthCheckResult.Unhealthy(keys.Problem) : HealthCheckResult.Healthy(keys.Problem);
    }
}
