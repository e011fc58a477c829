using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class CommandTests
{
    [Fact]
    public async Task A_command_runs_with_its_arguments_and_answers()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddScript("target", "sleep 1000").WithCommand(
            "place",
            "Place orders",
            context => Task.FromResult(CommandResults.Success($"{context.Arguments["count"].Value} for {context.ResourceName}", "[]", CommandResultFormat.Json)),
            new CommandOptions { Arguments = [new InteractionInput { Name = "count", InputType = InputType.Number, Value = "10" }], ConfirmationMessage = "Really?" });
        await using var app = await builder.StartAsync();
        await app.ReachesAsync("target", KnownResourceStates.Running);
        var id = app.Snapshot("target");

        var byDefault = await app.ResourceCommands.ExecuteCommandAsync("target", "place");
        Assert.True(byDefault.Success);
        Assert.StartsWith("10 for target-", byDefault.Message, StringComparison.Ordinal);
        Assert.Equal("[]", byDefault.Data?.Value);

        var given = new InteractionInputCollection([new InteractionInput { Name = "count", InputType = InputType.Number, Value = "3" }]);
        Assert.StartsWith("3 for", (await app.ResourceCommands.ExecuteCommandAsync("target", "place", given)).Message, StringComparison.Ordinal);
        Assert.Equal("Really?", id.Commands.Single(c => c.Name == "place").ConfirmationMessage);
    }

    [Fact]
    public async Task What_a_command_throws_is_its_failure()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddScript("target", "sleep 1000").WithCommand("explode", "Explode", _ => throw new InvalidOperationException("boom"));
        await using var app = await builder.StartAsync();

        var result = await app.ResourceCommands.ExecuteCommandAsync("target", "explode");
        Assert.False(result.Success);
        Assert.Contains("boom", result.Message, StringComparison.Ordinal);
        Assert.False((await app.ResourceCommands.ExecuteCommandAsync("target", "unknown")).Success);
        Assert.False((await app.ResourceCommands.ExecuteCommandAsync("nobody", "explode")).Success);
    }

    [Fact]
    public async Task What_starts_explicitly_waits_for_the_start_command_and_can_be_stopped_and_restarted()
    {
        await using var builder = SampleWeb.NewBuilder();
        var script = builder.AddScript("later", "echo up; sleep 1000").WithExplicitStart();
        await using var app = await builder.StartAsync();
        Assert.Equal(KnownResourceStates.NotStarted, app.Snapshot("later").State?.Text);
        Assert.Equal(ResourceCommandState.Enabled, app.Snapshot("later").Commands.Single(c => c.Name == KnownResourceCommands.StartCommand).State);

        await RunAsync(KnownResourceCommands.StartCommand);
        await app.IsHealthyAsync("later");
        var first = app.Snapshot("later").StartTimeStamp;
        await RunAsync(KnownResourceCommands.RestartCommand);
        Assert.True(app.Snapshot("later").StartTimeStamp > first);
        await RunAsync(KnownResourceCommands.StopCommand);
        Assert.Equal(KnownResourceStates.Finished, app.Snapshot("later").State?.Text);
        Assert.Equal(143, app.Snapshot("later").ExitCode);

        async Task RunAsync(string command)
        {
            var result = await app.ResourceCommands.ExecuteCommandAsync(script.Resource, command);
            Assert.True(result.Success, result.Message);
        }
    }

    [Fact]
    public async Task Start_stop_and_restart_are_offered_where_they_make_sense_and_say_what_they_did()
    {
        await using var builder = SampleWeb.NewBuilder();
        var server = builder.AddScript("server", "sleep 1000").WithExplicitStart();
        builder.AddScript("client", "sleep 1000").WaitFor(server);
        await using var app = await builder.StartAsync();
        await app.ReachesAsync("client", KnownResourceStates.Waiting);
        Assert.Equal([ResourceCommandState.Enabled, ResourceCommandState.Hidden, ResourceCommandState.Disabled], StatesOf("client"));

        // What waits does not wait any longer when somebody starts it.
        var started = await app.ResourceCommands.ExecuteCommandAsync("client", KnownResourceCommands.StartCommand);
        Assert.Equal("Successfully started 'client'.", started.Message);
        await app.ReachesAsync("client", KnownResourceStates.Running);
        Assert.Equal([ResourceCommandState.Hidden, ResourceCommandState.Enabled, ResourceCommandState.Enabled], StatesOf("client"));
        Assert.Equal(KnownResourceStates.NotStarted, app.Snapshot("server").State?.Text);

        Assert.Equal("Successfully stopped 'client'.", (await app.ResourceCommands.ExecuteCommandAsync("client", KnownResourceCommands.StopCommand)).Message);
        Assert.Equal([ResourceCommandState.Enabled, ResourceCommandState.Hidden, ResourceCommandState.Disabled], StatesOf("client"));

        IEnumerable<ResourceCommandState> StatesOf(string resource) => app.Snapshot(resource).Commands.Select(c => c.State);
    }

    [Fact]
    public async Task An_http_command_posts_to_the_resource()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddWeb("web").WithHttpHealthCheck("/health")
            .WithHttpCommand("/health", "Look", commandName: "look", commandOptions: new HttpCommandOptions { Method = HttpMethod.Get })
            .WithHttpCommand("/nowhere", "Get lost", commandName: "lost");
        await using var app = await builder.StartAsync();
        await app.IsHealthyAsync("web");

        Assert.True((await app.ResourceCommands.ExecuteCommandAsync("web", "look")).Success);
        var lost = await app.ResourceCommands.ExecuteCommandAsync("web", "lost");
        Assert.False(lost.Success);
        Assert.Contains("404", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Urls_relations_and_icons_are_shown_as_declared()
    {
        await using var builder = SampleWeb.NewBuilder();
        var parent = builder.AddScript("parent", "sleep 1000");
        builder.AddWeb("web").WithParentRelationship(parent).WithIconName("Box")
            .WithUrlForEndpoint("http", url => url.DisplayText = "API")
            .WithUrlForEndpoint("http", _ => new ResourceUrlAnnotation { Url = "/health", DisplayText = "Health" })
            .WithUrl("https://example.test", "Docs");
        await using var app = await builder.StartAsync();
        await app.ReachesAsync("web", KnownResourceStates.Running);

        var shown = app.Snapshot("web");
        Assert.Equal(["API", "Health", "Docs"], shown.Urls.Select(u => u.DisplayProperties.DisplayName));
        Assert.Equal(new Uri(app.GetEndpoint("web"), "/health").ToString(), shown.Urls[1].Url);
        Assert.Contains(new RelationshipSnapshot("parent", "Parent"), shown.Relationships);
        Assert.Equal("Box", shown.IconName);
    }
}
