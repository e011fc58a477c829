using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>docs/api/payment-provider.openapi.json is what the simulator answers, and what the worker sends.</summary>
public sealed class ProviderContractTests
{
    private static readonly string Text =
        File.ReadAllText(Path.Combine(Solution.Root, "docs", "api", "payment-provider.openapi.json"));

    private static readonly JsonNode Document = JsonNode.Parse(Text)!;

    [Fact]
    public void The_document_is_valid_OpenAPI_3_1()
    {
        var read = OpenApiDocument.Parse(Text, "json");
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
        Assert.Equal(4, read.Document!.Paths.Sum(path => path.Value.Operations!.Count));
    }

    /// <summary>
    /// Each declared answer is provoked, except 401 and a refund in processing: the simulator knows no credentials, and refunds at once.
    /// </summary>
    [Fact]
    public async Task Every_declared_answer_of_the_simulator_has_the_declared_shape()
    {
        await using var gateway = await Gateway.StartAsync();
        var provoked = new HashSet<string>(StringComparer.Ordinal);
        var order = new { orderId = "o-1", amount = 10m, currency = "EUR", paymentMethod = "pm_1" };

        await ExpectAsync("POST /charges", 200, () => gateway.SendAsync("/charges", "k-1", order));
        await ExpectAsync("POST /charges", 422, () => gateway.SendAsync("/charges", "k-1", order with { amount = 11m }));
        await ExpectAsync("POST /charges", 400, () => gateway.SendAsync("/charges", "k-2", order with { currency = "euro" }));
        await ExpectAsync("GET /charges", 200, () => gateway.Http.GetAsync("/charges?orderId=o-1"));
        await ExpectAsync("GET /charges", 200, () => gateway.Http.GetAsync("/charges?orderId=unknown"));
        await ExpectAsync("GET /charges", 400, () => gateway.Http.GetAsync("/charges"));
        var charge = (await gateway.ChargesOfAsync("o-1"))[0].GetProperty("id").GetString()!;
        await ExpectAsync("POST /refunds", 400, () => gateway.RefundAsync("r-0", charge, 11m));
        await ExpectAsync("POST /refunds", 404, () => gateway.RefundAsync("r-0", "unknown", 10m));
        await ExpectAsync("GET /refunds", 200, () => gateway.Http.GetAsync($"/refunds?chargeId={charge}"));
        await ExpectAsync("POST /refunds", 200, () => gateway.RefundAsync("r-1", charge, 4m));
        await ExpectAsync("POST /refunds", 422, () => gateway.RefundAsync("r-1", charge, 5m));
        await ExpectAsync("POST /refunds", 200, () => gateway.SendAsync(
            "/refunds", "r-2", new { chargeId = charge, amount = 6m, reference = "ours" }));
        await ExpectAsync("POST /refunds", 422, () => gateway.SendAsync(
            "/refunds", "r-2", new { chargeId = charge, amount = 6m, reference = "another" }));
        await ExpectAsync("GET /refunds", 200, () => gateway.Http.GetAsync($"/refunds?chargeId={charge}"));
        await ExpectAsync("GET /refunds", 400, () => gateway.Http.GetAsync("/refunds"));
        await ExpectAsync("GET /refunds", 404, () => gateway.Http.GetAsync("/refunds?chargeId=unknown"));
        await ExpectAsync("GET /charges", 200, () => gateway.Http.GetAsync("/charges?orderId=o-1"));

        await gateway.SetFaultsAsync(new { processingRate = 1.0, processingFor = "01:00:00" });
        await ExpectAsync("POST /charges", 202, () => gateway.SendAsync("/charges", "k-4", order with { orderId = "o-3" }));
        await ExpectAsync("GET /charges", 200, () => gateway.Http.GetAsync("/charges?orderId=o-3"));
        await gateway.SetFaultsAsync(new { declineRate = 1.0 });
        await ExpectAsync("POST /charges", 402, () => gateway.SendAsync("/charges", "k-3", order with { orderId = "o-2" }));
        await ExpectAsync("GET /charges", 200, () => gateway.Http.GetAsync("/charges?orderId=o-2"));
        foreach (var (faults, status, answered) in new (object, int, string[])[]
        {
            (new { keyInUseRate = 1.0 }, 409, ["POST /charges", "POST /refunds"]),
            (new { errorRate = 1.0 }, 500, ["POST /charges", "GET /charges", "POST /refunds", "GET /refunds"]),
            (new { outage = true }, 503, ["POST /charges", "GET /charges", "POST /refunds", "GET /refunds"]),
        })
        {
            await gateway.SetFaultsAsync(faults);
            foreach (var operation in answered)
                await ExpectAsync(operation, status, () => CallAsync(operation, $"{status}"));
        }

        foreach (var operation in new[] { "POST /charges", "GET /charges", "POST /refunds", "GET /refunds" })
        {
            // One call is allowed in ten seconds: the second one is too many.
            await gateway.SetFaultsAsync(new { rateLimit = 0.1 });
            (await CallAsync(operation, "first")).Dispose();
            await ExpectAsync(operation, 429, () => CallAsync(operation, "second"));
        }

        Assert.Equal(
            Declared().Where(answer => !answer.EndsWith(" 401", StringComparison.Ordinal) && answer != "POST /refunds 202")
                .Order(StringComparer.Ordinal),
            provoked.Order(StringComparer.Ordinal));

        Task<HttpResponseMessage> CallAsync(string operation, string key) => operation switch
        {
            "POST /charges" => gateway.SendAsync("/charges", $"c-{key}", order),
            "POST /refunds" => gateway.RefundAsync($"r-{key}", charge, 10m),
            "GET /refunds" => gateway.Http.GetAsync($"/refunds?chargeId={charge}"),
            _ => gateway.Http.GetAsync("/charges?orderId=o-1"),
        };

        async Task ExpectAsync(string operation, int status, Func<Task<HttpResponseMessage>> call)
        {
            using var response = await call();
            Assert.True(status == (int)response.StatusCode, $"{operation}: {(int)response.StatusCode} instead of {status}");
            var declared = Resolve(Operation(operation)["responses"]![$"{status}"]!);
            var content = declared["content"]!.AsObject().Single();
            Assert.Equal(content.Key, response.Content.Headers.ContentType!.MediaType);
            Assert.All(
                declared["headers"]?.AsObject() ?? [],
                header => Assert.True(response.Headers.Contains(header.Key), $"{operation}: no {header.Key}"));
            Check($"{operation} {status}", content.Value!["schema"]!, await response.Content.ReadFromJsonAsync<JsonNode>());
            provoked.Add($"{operation} {status}");
        }
    }

    /// <summary>What the worker serializes has the declared members, and no other.</summary>
    [Fact]
    public void The_worker_sends_the_declared_members()
    {
        foreach (var (schema, type) in new[]
        {
            ("ChargeRequest", typeof(OrderSystem.PaymentWorker.Gateway.ChargeRequest)),
            ("RefundRequest", typeof(OrderSystem.PaymentWorker.Gateway.RefundRequest)),
        })
        {
            Assert.Equal(
                Document["components"]!["schemas"]![schema]!["properties"]!.AsObject().Select(member => member.Key),
                type.GetProperties().Select(member => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(member.Name)));
        }
    }

    private static IEnumerable<string> Declared() =>
        from path in Document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        from response in operation.Value!["responses"]!.AsObject()
        select $"{operation.Key.ToUpperInvariant()} {path.Key} {response.Key}";

    private static JsonNode Operation(string name) =>
        Document["paths"]![name.Split(' ')[1]]![name.Split(' ')[0].ToLowerInvariant()]!;

    private static JsonNode Resolve(JsonNode node) => node["$ref"]?.ToString() is not { } reference ? node
        : reference.Split('/').Skip(1).Aggregate(Document, (at, name) => at[name]!);

    /// <summary>The keywords of JSON Schema that the document uses. A member of an answer that is not declared is an error here.</summary>
    private static void Check(string where, JsonNode declared, JsonNode? value)
    {
        var schema = Resolve(declared);
        if (schema["const"] is { } only)
            Assert.True(JsonNode.DeepEquals(only, value), $"{where} is {value}");
        if (schema["enum"] is { } some)
            Assert.True(some.AsArray().Any(one => JsonNode.DeepEquals(one, value)), $"{where} is {value}");
        if (schema["pattern"] is { } pattern)
            Assert.Matches(new Regex(pattern.ToString(), RegexOptions.None, TimeSpan.FromSeconds(1)), value!.ToString());
        switch (schema["type"]?.ToString())
        {
            case "array":
                foreach (var item in value!.AsArray())
                    Check($"{where}[]", schema["items"]!, item);
                break;
            case "object":
                var members = value!.AsObject();
                Assert.All(
                    schema["required"]?.AsArray() ?? [],
                    name => Assert.True(members.ContainsKey(name!.ToString()), $"{where}: no {name}"));
                foreach (var (name, member) in members)
                {
                    if (schema["properties"]![name] is { } property)
                        Check($"{where}.{name}", property, member);
                    else
                        Assert.True(declared["$ref"]?.ToString().EndsWith("/Problem", StringComparison.Ordinal), $"{where} has {name}");
                }

                break;
            case "string":
                Assert.Equal(System.Text.Json.JsonValueKind.String, value!.GetValueKind());
                break;
            case "number":
                Assert.Equal(System.Text.Json.JsonValueKind.Number, value!.GetValueKind());
                break;
        }
    }
}
