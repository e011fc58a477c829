namespace OrderSystem.AppHost.Infrastructure;

internal static class DevelopmentCertificate
{
    /// <summary>All resources use HTTP on loopback. Aspire would otherwise warn on machines without a development certificate.</summary>
    internal static void UseNoDevelopmentCertificate(this IDistributedApplicationBuilder builder)
    {
        foreach (var resource in builder.Resources)
            resource.Annotations.Add(new HttpsCertificateAnnotation { UseDeveloperCertificate = false });
    }
}
