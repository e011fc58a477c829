using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops;

/// <summary>The operator's re-drive of ledger events to their stream.</summary>
public sealed class RedriveTests(SharedSystem shared)
{
    private const int Orders = 5;

    [Fact]
    public async Task Redriving_events_that_JetStream_lost_finishes_every_order_and_charges_none_twice()
    {
        await using var system = await RunningSystem.StartAsync();
        await system.Worker.KillAsync();
        using var client = Ada(system);
        using var provider = new HttpClient { BaseAddress = system.Gateway.Address };
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);
        var orders = await Task.WhenAll(Enumerable.Range(0, Orders).Select(_ => client.PlaceAsync()));
        await OutboxEmptyAsync(system.OrdersDatabase);
        await jetStream.PurgeStreamAsync("ORDERS", new StreamPurgeRequest());
        var kept = await client.PlaceAsync();
        var worker = await system.StartServiceAsync("OrderSystem.PaymentWorker");
        await client.WaitForAsync(kept, "paid");

        Assert.Equal((Orders, 0), Counts(await RedriveAsync(client, "missing=true&dryRun=true")));
        Assert.Equal((Orders, Orders), Counts(await RedriveAsync(client, "missing=true")));
        foreach (var order in orders)
            await client.WaitForAsync(order, "paid");
        Assert.Equal((0, 0), Counts(await RedriveAsync(client, "missing=true")));

        // Re-driving one event again, and then all events: the consumers have processed each of them before.
        await OutboxEmptyAsync(system.OrdersDatabase);
        await NextSecondAsync(system.OrdersDatabase);
        Assert.Equal((1, 1), Counts(await RedriveAsync(client, $"orderId={orders[0]}")));
        await OutboxEmptyAsync(system.OrdersDatabase);
        await NextSecondAsync(system.OrdersDatabase);
        Assert.Equal(
            (Orders + 1, Orders + 1),
            Counts(await RedriveAsync(client, $"since={TimeProvider.System.GetUtcNow().AddHours(-1):yyyy-MM-ddTHH:mm:ssZ}")));
        await Eventually.GetAsync(
            "the duplicates were acknowledged", async () => (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info,
            info => info is { NumPending: 0, NumAckPending: 0 } && info.AckFloor.StreamSeq > 3 * Orders);
        foreach (var order in orders)
            Assert.Single((await provider.GetFromJsonAsync<JsonElement>($"/charges?orderId={order}")).EnumerateArray());

        // The worker's events are re-driven by the worker's command.
        await OutboxEmptyAsync(system.PaymentsDatabase);
        await jetStream.PurgeStreamAsync("PAYMENTS", new StreamPurgeRequest());
        var (exitCode, said) = await ServiceProcess.RunAsync(
            "OrderSystem.PaymentWorker", system.Environment("OrderSystem.PaymentWorker"), "redrive", "--missing");
        Assert.True(exitCode == 0, said);
        Assert.Contains($"{Orders + 1} of {Orders + 1}", said, StringComparison.Ordinal);
        await Eventually.BeTrueAsync("the payment events are in their stream",
            async () => (await jetStream.GetStreamAsync("PAYMENTS")).Info.State.Messages >= Orders + 1);
        using var ada = new Client(worker.Address);
        ada.Http.DefaultRequestHeaders.Add("X-Operator", "ada");
        Assert.Equal((0, 0), Counts(await RedriveAsync(ada, "missing=true")));
    }

    [Fact]
    public async Task A_redrive_is_recorded_with_its_operator_and_shown_in_the_timeline()
    {
        var system = await shared.StartedAsync();
        using var placed = new Client(system.OrderApi.Address);
        var order = await placed.PlaceAsync();
        await placed.WaitForAsync(order, "paid");
        using var client = new Client(
            (await system.StartServiceAsync("OrderSystem.OrderApi", ("Audit__WorkerUrl", system.Worker.Address.OriginalString))).Address);
        client.Http.DefaultRequestHeaders.Add("X-Operator", "ada");

        await OutboxEmptyAsync(system.OrdersDatabase, order);
        await OutboxEmptyAsync(system.PaymentsDatabase, order);
        var (exitCode, said) = await ServiceProcess.RunAsync(
            "OrderSystem.OrderApi", system.Environment(), "redrive", "--order", $"{order}", "--json");
        Assert.True(exitCode == 0, said);
        Assert.Equal(1, JsonDocument.Parse(said).RootElement.GetProperty("redriven").GetInt32());
        using var atWorker = new Client(system.Worker.Address);
        atWorker.Http.DefaultRequestHeaders.Add("X-Operator", "ada");
        Assert.Equal((1, 1), Counts(await RedriveAsync(atWorker, $"orderId={order}")));

        var timeline = await client.Http.GetFromJsonAsync<JsonElement>($"/orders/{order}/timeline");
        var steps = timeline.GetProperty("steps").EnumerateArray()
            .Select(step => (step.GetProperty("service").GetString(), step.GetProperty("what").GetString())).ToList();
        Assert.Contains(("order-api", $"orders.created.v1 re-driven by os-user={Environment.UserName}"), steps);
        Assert.Contains(("payment-worker", "payments.succeeded.v1 re-driven by sub=tests client=tests note=ada"), steps);
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(
            () => Sql.ExecuteAsync(system.OrdersDatabase, "DELETE FROM redrives"));
        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_one_redrive_runs_at_a_time_across_processes()
    {
        var system = await shared.StartedAsync();
        using var client = Ada(system);
        var since = $"since={TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}";
        var orders = new[] { await client.PlaceAsync(), await client.PlaceAsync() };
        await OutboxEmptyAsync(system.OrdersDatabase, orders);
        using var second = new Client((await system.StartServiceAsync("OrderSystem.OrderApi")).Address);
        second.Http.DefaultRequestHeaders.Add("X-Operator", "ada");
        using var abort = new CancellationTokenSource();

        // At this rate, the second event follows ten seconds after the first.
        var slow = client.Http.PostAsync($"/ops/redrive?{since}&rate=0.1", content: null, abort.Token);
        await Eventually.BeTrueAsync("the first event is re-driven", async () =>
            await Sql.ScalarAsync<long>(
                system.OrdersDatabase, $"SELECT count(*) FROM redrives WHERE order_id IN ('{orders[0]}', '{orders[1]}')") > 0);

        using (var refused = await second.Http.PostAsync("/ops/redrive?missing=true&dryRun=true", content: null))
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        var (exitCode, said) = await ServiceProcess.RunAsync(
            "OrderSystem.OrderApi", system.Environment(), "redrive", "--missing", "--dry-run");
        Assert.Equal(2, exitCode);
        Assert.Contains("is running", said, StringComparison.Ordinal);

        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        await Eventually.BeTrueAsync("the next re-drive may run", async () =>
        {
            using var answer = await second.Http.PostAsync($"/ops/redrive?{since}&dryRun=true", content: null);
            return answer.IsSuccessStatusCode;
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("missing=perhaps")]
    [InlineData("since=yesterday")]
    [InlineData("orderId=x")]
    [InlineData("missing=true&rate=0")]
    [InlineData("missing=true&rate=1e400")]
    [InlineData("missing=true&limit=0")]
    [InlineData("missing=true&limit=-1")]
    public async Task Invalid_input_gets_400_with_problem_details(string query)
    {
        using var client = Ada(await shared.StartedAsync());
        using var answer = await client.Http.PostAsync($"/ops/redrive?{query}", content: null);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData(2, "redrive")]
    [InlineData(2, "redrive --missing --rate 0")]
    [InlineData(2, "redrive --order x")]
    [InlineData(1, "redrive --order 00000000-0000-0000-0000-000000000001")]
    public async Task Invalid_CLI_arguments_and_unknown_orders_set_the_exit_code(int expected, string arguments)
    {
        var (exitCode, said) = await ServiceProcess.RunAsync(
            "OrderSystem.OrderApi", (await shared.StartedAsync()).Environment(), arguments.Split(' '));
        Assert.True(exitCode == expected, said);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.OK)]
    [InlineData("ada (dashboard)", HttpStatusCode.OK)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("an operator note that is longer than the limit of a hundred characters, which is why the API has to reject it",
        HttpStatusCode.BadRequest)]
    public async Task An_operator_note_is_optional_but_must_not_be_empty_or_too_long(string? note, HttpStatusCode expected)
    {
        using var client = Tokens.Http((await shared.StartedAsync()).OrderApi.Address);
        if (note is not null)
            client.DefaultRequestHeaders.TryAddWithoutValidation("X-Operator", note);
        using var answer = await client.PostAsync($"/ops/redrive?orderId={Guid.NewGuid()}&dryRun=true", content: null);
        Assert.Equal(expected, answer.StatusCode);
    }

    private static Client Ada(RunningSystem system)
    {
        var client = new Client(system.OrderApi.Address);
        client.Http.DefaultRequestHeaders.Add("X-Operator", "ada");
        return client;
    }

    private static Task OutboxEmptyAsync(string database, params Guid[] orders) => Eventually.BeTrueAsync("the outbox is empty", async () =>
        await Sql.ScalarAsync<long>(
            database,
            $"SELECT count(*) FROM outbox WHERE cardinality('{{{string.Join(',', orders)}}}'::uuid[]) = 0 "
                + $"OR order_id = ANY ('{{{string.Join(',', orders)}}}')") == 0);

    /// <summary>
    /// The message id of a re-driven event contains the current second. Within
    /// the same second, the stream would drop another copy as a duplicate.
    /// </summary>
    private static async Task NextSecondAsync(string database)
    {
        const string Second = "SELECT extract(epoch FROM now())::int";
        var current = await Sql.ScalarAsync<int>(database, Second);
        await Eventually.BeTrueAsync("the next second has begun", async () => await Sql.ScalarAsync<int>(database, Second) > current);
    }

    private static async Task<JsonElement> RedriveAsync(Client client, string query)
    {
        using var answer = await client.Http.PostAsync($"/ops/redrive?{query}", content: null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static (int Found, int Redriven) Counts(JsonElement report) =>
        (report.GetProperty("found").GetInt32(), report.GetProperty("redriven").GetInt32());
}
