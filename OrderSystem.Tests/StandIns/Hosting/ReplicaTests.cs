using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class ReplicaTests
{
    [Fact]
    public async Task Connections_are_spread_over_the_replicas_and_go_on_to_the_survivor()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddWeb("web").WithReplicas(2).WithHttpHealthCheck("/health");
        await using var app = await builder.StartAsync();
        var ids = await RunningAsync(app, count: 2);
        var url = app.GetEndpoint("web");

        var processes = await AskAsync(url, times: 6);
        Assert.Equal(2, processes.Distinct().Count());

        using (var victim = Process.GetProcessById(processes[0]))
            victim.Kill();
        await app.ResourceNotifications.WaitForResourceAsync("web", e => e.Snapshot.State?.Text == KnownResourceStates.Finished).WaitAsync(SampleWeb.Patience, TimeProvider.System);

        Assert.All(await AskAsync(url, times: 6), survivor => Assert.NotEqual(processes[0], survivor));
        Assert.Equal(2, ids.Count);
    }

    [Fact]
    public async Task A_replica_is_restarted_by_its_id_while_the_name_alone_is_ambiguous()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddWeb("web").WithReplicas(2);
        await using var app = await builder.StartAsync();
        var ids = await RunningAsync(app, count: 2);

        var ambiguous = await app.ResourceCommands.ExecuteCommandAsync("web", KnownResourceCommands.StopCommand);
        Assert.False(ambiguous.Success);

        var stopped = await app.ResourceCommands.ExecuteCommandAsync(ids[0], KnownResourceCommands.StopCommand);
        Assert.True(stopped.Success, stopped.Message);
        Assert.Equal(KnownResourceStates.Finished, app.Snapshot(ids[0]).State?.Text);
        Assert.Equal(KnownResourceStates.Running, app.Snapshot(ids[1]).State?.Text);

        await app.ResourceCommands.ExecuteCommandAsync(ids[0], KnownResourceCommands.StartCommand);
        Assert.Equal(KnownResourceStates.Running, app.Snapshot(ids[0]).State?.Text);
    }

    private static async Task<IReadOnlyList<string>> RunningAsync(DistributedApplication app, int count)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        await app.ResourceNotifications.WaitForResourceAsync("web", e =>
        {
            if (e.Snapshot.State?.Text == KnownResourceStates.Running)
                ids.Add(e.ResourceId);
            return ids.Count == count;
        }).WaitAsync(SampleWeb.Patience, TimeProvider.System);
        await app.IsHealthyAsync("web");
        return [.. ids];
    }

    // A new connection each time: it is connections that are spread. A replica that does not listen yet is passed over.
    private static async Task<IReadOnlyList<int>> AskAsync(Uri url, int times)
    {
        var answers = new List<int>();
        await Support.Eventually.BeTrueAsync("all replicas listen", async () =>
        {
            answers.Clear();
            for (var i = 0; i < times; i++)
            {
                using var client = new HttpClient { BaseAddress = url };
                answers.Add(int.Parse(await client.GetStringAsync("/"), CultureInfo.InvariantCulture));
            }

            return true;
        });
        return answers;
    }
}
