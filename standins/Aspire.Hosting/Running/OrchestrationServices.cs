using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Running;

internal static class OrchestrationServices
{
    public static void AddOrchestration(this IServiceCollection services) => _ = services;
}
