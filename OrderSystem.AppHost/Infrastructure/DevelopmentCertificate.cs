namespace OrderSystem.AppHost.Infrastructure;

internal static class DevelopmentCertificate
{
    /// <summary>Everything here speaks HTTP on loopback. Aspire would warn on each machine that has no development certificate for HTTPS.</summary>
    internal static void UseNoDevelopmentCertificate(this IDistributedApplicationBuilder builder)
    {
        foreach (var resource in builder.Resources)
            resource.Annotations.Add(new HttpsCertificateAnnotation { UseDeveloperCertificate = false });
    }
}
