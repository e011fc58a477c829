using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops;

public sealed class DeadLetterOperationsTests(SharedSystem shared) : IAsyncLifetime
{
    private RunningSystem system = null!;
    private NatsConnection nats = null!;
    private Client client = null!;

    public async ValueTask InitializeAsync()
    {
        system = await shared.StartedAsync();
        nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        client = new Client(system.OrderApi.Address);
        client.Http.DefaultRequestHeaders.Add("X-Operator", "ada");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_dead_letter_is_listed_and_shown_with_its_reason_headers_and_body()
    {
        var order = Guid.NewGuid();
        var letter = await DeadLetterAsync(order, "orders.created", """{"orderId":"other"}""");

        Assert.Contains("the body is not", letter.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("ORDER_PROCESSOR", letter.GetProperty("consumer").GetString());
        var shown = await client.Http.GetFromJsonAsync<JsonElement>($"/ops/dead-letters/{letter.GetProperty("sequence")}");
        Assert.Equal("other", shown.GetProperty("body").GetProperty("orderId").GetString());
        Assert.Equal(order.ToString(), shown.GetProperty("headers").GetProperty("ce-subject").GetString());
    }

    [Fact]
    public async Task A_body_that_is_not_JSON_is_shown_as_base64()
    {
        var letter = await DeadLetterAsync(Guid.NewGuid(), "orders.created", "not json");
        var shown = await client.Http.GetFromJsonAsync<JsonElement>($"/ops/dead-letters/{letter.GetProperty("sequence")}");
        Assert.Equal("not json", Encoding.UTF8.GetString(shown.GetProperty("bodyBase64").GetBytesFromBase64()));
    }

    [Fact]
    public async Task The_list_is_paged()
    {
        var order = Guid.NewGuid();
        for (var i = 0; i < 3; i++)
            await DeadLetterAsync(order, "orders.created", "not json", letters: i + 1);

        var first = await client.Http.GetFromJsonAsync<JsonElement>($"/ops/dead-letters?orderId={order}&limit=2");
        var second = await client.Http.GetFromJsonAsync<JsonElement>(
            $"/ops/dead-letters?orderId={order}&limit=2&cursor={first.GetProperty("nextCursor")}");

        Assert.Equal(2, first.GetProperty("items").GetArrayLength());
        Assert.Equal(1, second.GetProperty("items").GetArrayLength());
        Assert.False(second.TryGetProperty("nextCursor", out _));
    }

    [Fact]
    public async Task A_replay_stops_when_a_message_becomes_a_dead_letter_again()
    {
        var order = Guid.NewGuid();
        var letter = await DeadLetterAsync(order, "orders.created", "not json");
        await DeadLetterAsync(order, "orders.created", "not json either", letters: 2);

        using var answer = await client.Http.PostAsJsonAsync("/ops/dead-letters/replay", new { orderId = order });
        var report = await answer.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(1, report.GetProperty("replayed").GetInt32());
        var failed = Assert.Single(report.GetProperty("failedAgain").EnumerateArray());
        Assert.Equal(letter.GetProperty("sequence").GetUInt64(), failed.GetProperty("letter").GetUInt64());
        Assert.Contains("dead letter again", report.GetProperty("stopped").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, (await ListAsync(order)).Count);
        Assert.Equal("replay", await Sql.ScalarAsync<string>(
            system.OrdersDatabase,
            $"SELECT action FROM dead_letter_actions WHERE order_id = '{order}' AND by = 'sub=tests client=tests note=ada'"));
    }

    [Fact]
    public async Task A_replay_takes_effect_once_the_cause_is_fixed()
    {
        // The payment event of an order that does not exist yet.
        var order = Guid.CreateVersion7();
        var letter = await DeadLetterAsync(
            order, "payments.succeeded",
            $$"""{"orderId":"{{order}}","paymentId":"{{Guid.NewGuid()}}","amount":1,"currency":"EUR","providerReference":"ch"}""");
        await Sql.ExecuteAsync(
            system.OrdersDatabase,
            "INSERT INTO orders (id, customer_id, currency, total, items, status, created_at, updated_at) "
                + $"VALUES ('{order}', 'c', 'EUR', 1, '[]', 'pending', now(), now())");

        using var answer = await client.Http.PostAsync($"/ops/dead-letters/{letter.GetProperty("sequence")}/replay", content: null);
        var report = await answer.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(0, report.GetProperty("failedAgain").GetArrayLength());
        Assert.Equal(0, report.GetProperty("undecided").GetInt32());
        await client.WaitForAsync(order, "paid");
        Assert.Empty(await ListAsync(order));
        var timeline = await client.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");
        var said = timeline.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("what").GetString()).ToList();
        Assert.Contains("message became a dead letter", said);
        Assert.Contains("dead letter replay by sub=tests client=tests note=ada", said);
        await Sql.ExecuteAsync(system.OrdersDatabase, $"DELETE FROM orders WHERE id = '{order}'");
    }

    [Fact]
    public async Task A_dry_run_replays_nothing()
    {
        var order = Guid.NewGuid();
        var letter = await DeadLetterAsync(order, "orders.created", "not json");
        using var answer = await client.Http.PostAsJsonAsync("/ops/dead-letters/replay", new { orderId = order, dryRun = true });
        var report = await answer.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(letter.GetProperty("sequence").GetUInt64(), Assert.Single(report.GetProperty("letters").EnumerateArray()).GetUInt64());
        Assert.Equal(0, report.GetProperty("replayed").GetInt32());
        Assert.Single(await ListAsync(order));
    }

    [Fact]
    public async Task A_discarded_dead_letter_is_deleted_and_its_audit_record_stays()
    {
        var order = Guid.NewGuid();
        var letter = await DeadLetterAsync(order, "orders.created", "not json");
        var address = $"/ops/dead-letters/{letter.GetProperty("sequence")}";

        using var discarded = await client.Http.DeleteAsync(address);
        using var again = await client.Http.DeleteAsync(address);

        Assert.Equal(HttpStatusCode.NoContent, discarded.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal("discard",
            await Sql.ScalarAsync<string>(system.OrdersDatabase, $"SELECT action FROM dead_letter_actions WHERE order_id = '{order}'"));
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => Sql.ExecuteAsync(system.OrdersDatabase, "DELETE FROM dead_letter_actions"));
        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "?limit=0", null, 400)]
    [InlineData("GET", "?limit=x&cursor=-1&orderId=x&since=x", null, 400)]
    [InlineData("GET", "?stream=%3E&type=%00&consumer=*", null, 200)]
    [InlineData("GET", "/99999999999999999999", null, 404)]
    [InlineData("GET", "/9223372036854775807", null, 404)]
    [InlineData("GET", "/x", null, 404)]
    [InlineData("POST", "/987654321/replay", null, 404)]
    [InlineData("POST", "/1/replay?dryRun=perhaps", null, 400)]
    [InlineData("POST", "/replay", "{}", 400)]
    [InlineData("POST", "/replay", """{"stream":"ORDERS","rate":0}""", 400)]
    [InlineData("POST", "/replay", """{"stream":"ORDERS","limit":1000000000}""", 400)]
    [InlineData("POST", "/replay", """{"streams":"ORDERS"}""", 400)]
    [InlineData("POST", "/replay", """{"orderId":"x"}""", 400)]
    [InlineData("POST", "/replay", "null", 400)]
    [InlineData("DELETE", "/987654321", null, 404)]
    public async Task Malformed_requests_get_a_client_error_with_problem_details(string method, string path, string? body, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/ops/dead-letters{path}");
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.Http.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status >= 400)
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_discard_records_the_identity_of_the_token_whatever_the_header_claims()
    {
        var order = Guid.NewGuid();
        var letter = await DeadLetterAsync(order, "orders.created", "not json");
        using var mallory = Tokens.Http(system.OrderApi.Address, Tokens.Of("console", "orders.ops", subject: "mallory"));
        mallory.DefaultRequestHeaders.Add("X-Operator", "sub=ada client=tests");
        using var answer = await mallory.DeleteAsync($"/ops/dead-letters/{letter.GetProperty("sequence")}");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("sub=mallory client=console note=\"sub=ada client=tests\"",
            await Sql.ScalarAsync<string>(system.OrdersDatabase, $"SELECT by FROM dead_letter_actions WHERE order_id = '{order}'"));
    }

    [Fact]
    public async Task The_CLI_lists_shows_replays_and_discards_dead_letters()
    {
        var order = Guid.NewGuid();
        var number = $"{(await DeadLetterAsync(order, "orders.created", "not json")).GetProperty("sequence")}";

        var (listed, table) = await RunAsync("list", "--order", $"{order}");
        Assert.True(listed == 0, table);
        Assert.Contains("NUMBER", table, StringComparison.Ordinal);
        Assert.Contains(order.ToString(), table, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("show", number)).ExitCode);

        var (replayed, report) = await RunAsync("replay", number, "--json");
        Assert.True(replayed == 1, report);
        var successor = $"{JsonDocument.Parse(report).RootElement.GetProperty("failedAgain")[0].GetProperty("newLetter")}";

        Assert.Equal(0, (await RunAsync("discard", successor)).ExitCode);
        Assert.Equal(1, (await RunAsync("discard", successor)).ExitCode);
        Assert.Equal($"os-user={Environment.UserName}", await Sql.ScalarAsync<string>(
            system.OrdersDatabase, $"SELECT by FROM dead_letter_actions WHERE order_id = '{order}' AND action = 'discard'"));
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("replay --rate 0 --all")]
    [InlineData("list --since yesterday")]
    [InlineData("lits")]
    public async Task Invalid_CLI_arguments_exit_with_code_2(string arguments) =>
        Assert.Equal(2, (await RunAsync(arguments.Split(' '))).ExitCode);

    [Fact]
    public async Task The_CLI_names_the_connection_string_when_NATS_is_unreachable()
    {
        var environment = system.Environment();
        environment["ConnectionStrings__nats"] = "nats://127.0.0.1:1";
        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.OrderApi", environment, "dead-letters", "list");
        Assert.Equal(2, exitCode);
        Assert.Contains("ConnectionStrings__nats", output, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) =>
        ServiceProcess.RunAsync(
            "OrderSystem.OrderApi",
            new Dictionary<string, string>(system.Environment()) { ["ConnectionStrings__nats"] = system.Nats.UrlOf(NatsUsers.Ops) },
            ["dead-letters", .. arguments]);

    /// <summary>Publishes a poison message and waits for its dead letter.</summary>
    private async Task<JsonElement> DeadLetterAsync(Guid order, string subject, string body, int letters = 1)
    {
        var headers = new NatsHeaders
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = Guid.NewGuid().ToString(),
            ["ce-source"] = "/tests",
            ["ce-type"] = $"{subject}.v1",
            ["ce-subject"] = order.ToString(),
            ["content-type"] = "application/json",
        };
        var ack = await new NatsJSContext(nats).PublishAsync(
            subject, Encoding.UTF8.GetBytes(body), NatsRawSerializer<byte[]>.Default, headers: headers);
        ack.EnsureSuccess();
        var all = await Eventually.GetAsync(
            $"{letters} dead letters about {order}", () => ListAsync(order), found => found.Count == letters);
        return all[^1];
    }

    private async Task<List<JsonElement>> ListAsync(Guid order) =>
        [.. (await client.Http.GetFromJsonAsync<JsonElement>($"/ops/dead-letters?orderId={order}")).GetProperty("items").EnumerateArray()];
}
