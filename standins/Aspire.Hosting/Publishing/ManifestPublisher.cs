using System.Text.Encodings.Web;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes the manifest of the application.</summary>
internal sealed class ManifestPublisher(DistributedApplicationModel model, DistributedApplicationExecutionContext executionContext, IConfiguration configuration,
    IDistributedApplicationEventing eventing, IServiceProvider services)
{
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        await eventing.PublishAsync(new BeforeStartEvent(services, model), cancellationToken);
        var path = Path.GetFullPath(configuration["Publishing:OutputPath"]
            ?? throw new DistributedApplicationException("The manifest needs a path: add '--output-path aspire-manifest.json' to '--publisher manifest'."));
        if (Directory.Exists(path))
            path = Path.Combine(path, "aspire-manifest.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        await using (var stream = File.Create(path))
        await using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            await WriteAsync(new ManifestPublishingContext(executionContext, path, writer, cancellationToken));
        await Console.Out.WriteLineAsync($"Published manifest to: {path}");
    }

    private async Task WriteAsync(ManifestPublishingContext context)
    {
        var resources = new ManifestResourceWriter(context);
        var writer = context.Writer;
        writer.WriteStartObject();
        writer.WriteStartObject("resources");
        var written = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var resource in model.Resources)
        {
            written.Add(resource.Name);
            await resources.WriteAsync(resource);
        }

        // Parameters such as generated passwords belong to no application; they are in the manifest because something refers to them.
        foreach (var resource in context.Referenced.Where(r => r is ParameterResource).ToArray())
        {
            if (written.Add(resource.Name))
                await resources.WriteAsync(resource);
            foreach (var (name, value) in context.EncodedOf(resource.Name))
                ManifestResourceWriter.WriteEncoded(writer, name, value);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
