using System.Net;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops;

/// <summary>An operator pauses and resumes the consumer of a worker.</summary>
public sealed class PauseTests
{
    [Fact]
    public async Task Pause_and_resume_are_logged_and_recorded_and_pausing_works_without_the_database()
    {
        await using var system = await RunningSystem.StartAsync();
        using var client = new Client(system.OrderApi.Address);
        using var mallory = Tokens.Http(system.Worker.Address, Tokens.Of("console", "orders.ops", subject: "mallory"));
        mallory.DefaultRequestHeaders.Add("X-Operator", "ada");

        await PostAsync("/ops/pause");
        await PostAsync("/ops/pause");
        var order = await client.PlaceAsync();
        await PostAsync("/ops/resume");
        await client.WaitForAsync(order, "paid");

        Assert.Equal("pause resume", await Sql.ScalarAsync<string>(
            system.PaymentsDatabase,
            "SELECT string_agg(action, ' ' ORDER BY id) FROM operator_actions "
                + "WHERE by = 'sub=mallory client=console note=ada' AND order_id IS NULL"));
        Assert.Contains(
            $"process {system.Worker.Id} on ",
            await Sql.ScalarAsync<string>(system.PaymentsDatabase, "SELECT detail FROM operator_actions LIMIT 1"),
            StringComparison.Ordinal);
        Assert.Contains("Pulling paused by sub=mallory client=console note=ada", system.Worker.Output, StringComparison.Ordinal);

        await system.Postgres.KillAsync();
        await PostAsync("/ops/pause");
        await Eventually.BeTrueAsync("the worker logs that the pause could not be recorded", () => Task.FromResult(
            system.Worker.Output.Contains("could not be recorded", StringComparison.Ordinal)));

        async Task PostAsync(string path)
        {
            using var answer = await mallory.PostAsync(path, content: null);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }
    }
}
