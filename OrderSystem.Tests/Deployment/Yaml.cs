using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace OrderSystem.Tests.Deployment;

/// <summary>YAML as JSON nodes, with anchors and merge keys resolved; every scalar is a string.</summary>
internal static class Yaml
{
    internal static IReadOnlyList<JsonNode> Documents(string text)
    {
        var parser = new MergingParser(new Parser(new StringReader(text)));
        var deserializer = new DeserializerBuilder().Build();
        var serializer = new SerializerBuilder().JsonCompatible().Build();
        var documents = new List<JsonNode>();
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
        {
            if (deserializer.Deserialize(parser) is { } document)
                documents.Add(JsonNode.Parse(serializer.Serialize(document))!);
        }

        return documents;
    }

    /// <summary>The value at a path such as <c>spec/template/spec</c>; null where there is none.</summary>
    internal static JsonNode? At(this JsonNode? node, string path) =>
        path.Split('/').Aggregate(node, (at, name) => at is JsonObject map ? map[name] : null);

    internal static string? Text(this JsonNode? node, string path) => node.At(path)?.ToString();

    internal static IEnumerable<JsonNode> Items(this JsonNode? node, string path) => (node.At(path) as JsonArray)?.OfType<JsonNode>() ?? [];
}
