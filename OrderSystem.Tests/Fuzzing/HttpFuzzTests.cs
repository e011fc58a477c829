using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>Odd requests to every route: each is answered, none with a failure of the server, and none leaves a trace in what the system promises.</summary>
public sealed class HttpFuzzTests(FuzzedSystem fuzzed) : IClassFixture<FuzzedSystem>
{
    private const int WarmUp = 500;

    /// <summary>What an answer would hold if a mistake of the program had become part of it.</summary>
    private static readonly string[] Innards = ["   at ", "System.", "Npgsql", "Microsoft.", "NATS.Client", "Exception"];

    [Fact]
    public async Task Odd_requests_are_answered_and_do_no_harm()
    {
        var operations = await HttpShape.ReadAsync(fuzzed.Api);
        Assert.True(operations.Count > 8, "The OpenAPI document lists hardly any route.");
        var maker = new HttpRequestMaker(operations, fuzzed.Paid) { Authorization = () => $"Bearer {Tokens.Everything}" };
        var statuses = new System.Collections.Concurrent.ConcurrentDictionary<int, int>();
        await new FuzzRun("http", usualSeconds: 6).RunAsync(
            async input =>
            {
                if (input.Number == WarmUp)
                    fuzzed.NoteMemory();
                var (bytes, isWhole) = maker.Make(input.Random);
                input.Text = Odd.Show(bytes);
                var answer = await RawHttp.SendAsync(fuzzed.Api, bytes, isWhole);
                Check(answer, isWhole);
                statuses.AddOrUpdate(answer?.Status ?? 0, 1, (_, count) => count + 1);
            },
            lanes: 8);

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} × {pair.Key}")));
        Assert.All([200, 201, 400, 401, 404], status => Assert.True(statuses.ContainsKey(status), $"No answer was {status}: the requests are not near enough to what is right."));
        fuzzed.NoteMemory();
        await fuzzed.AssertUnharmedAsync();
    }

    private static void Check(RawAnswer? answer, bool isWhole)
    {
        if (answer is null)
        {
            Assert.False(isWhole, "There was no answer.");
            return;
        }

        Assert.InRange(answer.Status, 200, 499);
        Assert.Null(answer.Header("Server"));
        Assert.Null(answer.Header("X-Injected"));
        if (answer.Status < 400)
            return;
        Assert.All(Innards, text => Assert.DoesNotContain(text, answer.Body, StringComparison.Ordinal));
        if (answer.Header("Content-Length") is not null && answer.Body.Length > 0 && answer.Header("Content-Type") is { } type)
        {
            Assert.StartsWith("application/problem+json", type, StringComparison.Ordinal);
            using var problem = JsonDocument.Parse(answer.Body);
        }
    }
}
