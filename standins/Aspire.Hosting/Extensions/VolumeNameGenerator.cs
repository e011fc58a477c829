using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Names the volumes of a clone so that they are found again, and not by another clone.</summary>
public static class VolumeNameGenerator
{
    /// <summary>Application, clone, resource and suffix.</summary>
    public static string Generate<T>(IResourceBuilder<T> builder, string suffix) where T : IResource
    {
        var application = builder.ApplicationBuilder;
        var name = string.Concat(application.Environment.ApplicationName.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' ? c : '_'));
        return $"{name}-{application.Configuration["AppHost:Sha256"]}-{builder.Resource.Name}-{suffix}";
    }
}
