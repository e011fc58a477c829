using System.Text.Json.Nodes;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>A parameter of a route.</summary>
internal sealed record HttpParameter(string Name, string In);

/// <summary>One operation of the API, with a valid body.</summary>
internal sealed record HttpOperation(string Method, string Path, IReadOnlyList<HttpParameter> Parameters, JsonNode? Body);

/// <summary>The operations of the API, read from its OpenAPI document, so that a new route is fuzzed without a change here.</summary>
internal static class OpenApiOperations
{
    private static readonly string[] Verbs = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

    internal static async Task<IReadOnlyList<HttpOperation>> ReadAsync(Uri api)
    {
        using var http = Tokens.Http(api);
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
        return
        [
            .. from path in document["paths"]!.AsObject()
               from operation in path.Value!.AsObject()
               where Verbs.Contains(operation.Key, StringComparer.Ordinal)
               select new HttpOperation(
                   operation.Key.ToUpperInvariant(), path.Key, Parameters(operation.Value!),
                   Body(document, operation.Value!)),
            new HttpOperation("GET", "/health", [], null),
            new HttpOperation("GET", "/openapi/v1.json", [], null),
        ];
    }

    private static HttpParameter[] Parameters(JsonNode operation) =>
        [.. operation["parameters"]?.AsArray()
            .Select(parameter => new HttpParameter((string)parameter!["name"]!, (string)parameter["in"]!)) ?? []];

    private static JsonNode? Body(JsonNode document, JsonNode operation) =>
        operation["requestBody"]?["content"]?["application/json"]?["schema"] is { } schema ? Sample(document, schema, "") : null;

    private static JsonNode? Sample(JsonNode document, JsonNode schema, string name)
    {
        if ((string?)schema["$ref"] is { } reference)
            return Sample(document, reference.TrimStart('#', '/').Split('/').Aggregate(document, (node, step) => node[step]!), name);
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices)
            return Sample(document, choices[^1]!, name);
        if (schema["properties"] is JsonObject properties)
            return new JsonObject(properties.Select(property =>
                KeyValuePair.Create(property.Key, Sample(document, property.Value!, property.Key))));
        var type = schema["type"] is JsonArray types
            ? types.Select(one => (string)one!).First(one => one != "null")
            : (string?)schema["type"];
        return type switch
        {
            "array" => new JsonArray(Sample(document, schema["items"]!, name)),
            "integer" => 2,
            "number" => 19.99m,
            "boolean" => false,
            _ => (string?)schema["format"] switch
            {
                "uuid" => Guid.Empty.ToString(),
                "date-time" => "2026-01-31T12:00:00Z",
                _ => name == "currency" ? "EUR" : "SKU-1",
            },
        };
    }
}
