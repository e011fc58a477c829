using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>Mutated requests to every route: each gets a response below 500, and none breaks an invariant.</summary>
public sealed class HttpFuzzTests(FuzzedSystem fuzzed) : IClassFixture<FuzzedSystem>
{
    private const int WarmUp = 500;

    /// <summary>Text that would reveal internal details in a response.</summary>
    private static readonly string[] InternalDetails = ["   at ", "System.", "Npgsql", "Microsoft.", "NATS.Client", "Exception"];

    [Fact]
    public async Task Mutated_requests_get_a_response_below_500_and_break_no_invariant()
    {
        var operations = await OpenApiOperations.ReadAsync(fuzzed.Api);
        Assert.True(operations.Count > 8, "The OpenAPI document lists hardly any route.");
        var generator = new HttpRequestGenerator(operations, fuzzed.Paid) { Authorization = () => $"Bearer {Tokens.Everything}" };
        var statuses = new System.Collections.Concurrent.ConcurrentDictionary<int, int>();
        await new FuzzRun("http", usualSeconds: 6).RunAsync(
            async input =>
            {
                if (input.Number == WarmUp)
                    fuzzed.RecordMemory();
                var (bytes, isWhole) = generator.Next(input.Random);
                input.Text = HostileValues.Show(bytes);
                var answer = await RawHttp.SendAsync(fuzzed.Api, bytes, isWhole);
                Check(answer, isWhole);
                statuses.AddOrUpdate(answer?.Status ?? 0, 1, (_, count) => count + 1);
            },
            lanes: 8);

        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Join(", ", statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} × {pair.Key}")));
        Assert.All([200, 201, 400, 401, 404], status => Assert.True(
            statuses.ContainsKey(status), $"No response was {status}: the requests are not close enough to valid ones."));
        fuzzed.RecordMemory();
        await fuzzed.AssertUnharmedAsync();
    }

    private static void Check(RawResponse? answer, bool isWhole)
    {
        if (answer is null)
        {
            Assert.False(isWhole, "There was no response.");
            return;
        }

        Assert.InRange(answer.Status, 200, 499);
        Assert.Null(answer.Header("Server"));
        Assert.Null(answer.Header("X-Injected"));
        if (answer.Status < 400)
            return;
        Assert.All(InternalDetails, text => Assert.DoesNotContain(text, answer.Body, StringComparison.Ordinal));
        if (answer.Header("Content-Length") is not null && answer.Body.Length > 0 && answer.Header("Content-Type") is { } type)
        {
            Assert.StartsWith("application/problem+json", type, StringComparison.Ordinal);
            using var problem = JsonDocument.Parse(answer.Body);
        }
    }
}
