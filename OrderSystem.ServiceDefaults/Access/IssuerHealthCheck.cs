using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace OrderSystem.ServiceDefaults.Access;

/// <summary>
/// Whether tokens can be validated. Not part of <c>/ready</c>: all instances depend on the same provider and would leave the load balancer
/// together, although everything behind the API works without it.
/// </summary>
internal sealed class IssuerHealthCheck(IOptions<AccessOptions> access, IssuerKeys keys) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (access.Value.MetadataAddress is null)
            return HealthCheckResult.Healthy();

        // The probe fetches too, so that the keys are there before the first request, and return after an outage without one.
        if (keys.Current is null || keys.Problem is not null)
            await keys.RefreshAsync().WaitAsync(cancellationToken);
        return keys.Current is null ? HealthCheckResult.Unhealthy(keys.Problem) : HealthCheckResult.Healthy(keys.Problem);
    }
}
