using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using CommandResultFormat = Aspire.DashboardService.Proto.V1.CommandResultFormat;
using InputType = Aspire.Hosting.InputType;
using InteractionInput = Aspire.Hosting.InteractionInput;
using Resource = Aspire.DashboardService.Proto.V1.Resource;
using ResourceCommandState = Aspire.DashboardService.Proto.V1.ResourceCommandState;

namespace OrderSystem.Tests.StandIns.Hosting;

/// <summary>What the dashboard gets to see and to do, over the wire.</summary>
public sealed class ResourceServiceTests
{
    [Fact]
    public async Task The_application_has_a_name()
    {
        await using var app = await ResourceServiceApp.StartAsync(_ => { });

        var answer = await app.Calls.AskAsync("GetApplicationInformation", new ApplicationInformationRequest(), ApplicationInformationResponse.Parser);

        Assert.Equal("Sample", answer.ApplicationName);
    }

    [Fact]
    public async Task A_resource_is_shown_with_all_that_is_known_of_it()
    {
        await using var app = await ResourceServiceApp.StartAsync(builder =>
        {
            var parent = builder.AddScript("parent", "sleep 1000");
            var password = builder.AddParameter("password", "hidden", secret: true);
            builder.AddWeb("web").WithHttpHealthCheck("/health").WithParentRelationship(parent).WithReferenceRelationship(password.Resource).WithIconName("Box")
                .WithEnvironment("COLOUR", "green").WithEnvironment("PASSWORD", password).WithArgs("--flag").WithUrlForEndpoint("http", url => url.DisplayText = "API");
        });
        await app.App.IsHealthyAsync("web");

        using var watch = await app.Calls.WatchAsync("WatchResources", new WatchResourcesRequest(), WatchResourcesUpdate.Parser);
        var shown = (await watch.NextAsync())!.InitialData.Resources.ToDictionary(r => r.DisplayName);

        var web = shown["web"];
        Assert.Equal(("Project", "Running"), (web.ResourceType, web.State));
        Assert.StartsWith("web-", web.Name, StringComparison.Ordinal);
        Assert.Equal(web.Name, web.Uid);
        Assert.True(web.CreatedAt <= web.StartedAt);
        Assert.Null(web.StoppedAt);
        Assert.True(web.SupportsDetailedTelemetry);
        Assert.Equal("Box", web.IconName);
        Assert.Equal(["green", "hidden"], web.Environment.Where(e => e.IsFromSpec && e.Name is "COLOUR" or "PASSWORD").Select(e => e.Value));
        var report = Assert.Single(web.HealthReports);
        Assert.True(report.HasStatus);
        Assert.Equal(HealthStatus.Healthy, report.Status);
        Assert.NotNull(report.LastRunAt);
        var url = Assert.Single(web.Urls);
        Assert.Equal(("http", "API", false), (url.EndpointName, url.DisplayProperties.DisplayName, url.IsInactive));
        Assert.Contains(new ResourceRelationship { ResourceName = "parent", Type = "Parent" }, web.Relationships);
        Assert.Contains(new ResourceRelationship { ResourceName = "password", Type = "Reference" }, web.Relationships);
        Assert.Equal(shown["parent"].Name, Property(web, "resource.parentName").Value.StringValue);
        Assert.Equal("Healthy", Property(web, "resource.healthState").Value.StringValue);
        Assert.EndsWith("Sample.Web.csproj", Property(web, "project.path").Value.StringValue, StringComparison.Ordinal);
        Assert.True(Property(web, "executable.pid").Value.NumberValue > 0);
        Assert.Equal("--flag", Assert.Single(Property(web, "executable.args").Value.ListValue.Values).StringValue);
        Assert.True(Property(shown["password"], "Value").IsSensitive);
    }

    [Fact]
    public async Task What_changes_is_told_to_who_watches()
    {
        await using var app = await ResourceServiceApp.StartAsync(builder => builder.AddScript("later", "exit 3").WithExplicitStart());
        using var watch = await app.Calls.WatchAsync("WatchResources", new WatchResourcesRequest(), WatchResourcesUpdate.Parser);
        var before = Assert.Single((await watch.NextAsync())!.InitialData.Resources);
        Assert.Equal("NotStarted", before.State);
        Assert.Equal(ResourceCommandState.Enabled, before.Commands.Single(c => c.Name == "start").State);
        Assert.Equal(ResourceCommandState.Hidden, before.Commands.Single(c => c.Name == "stop").State);

        await app.Calls.AskAsync("ExecuteResourceCommand", new ResourceCommandRequest { ResourceName = before.Name, CommandName = "start" }, ResourceCommandResponse.Parser);

        var ended = (await watch.UntilAsync(u => u.Changes.Value.Any(c => c.Upsert.State == "Finished"))).Changes.Value.Single(c => c.Upsert.State == "Finished").Upsert;
        Assert.Equal(3, Property(ended, "resource.exitCode").Value.NumberValue);
        Assert.NotNull(ended.StoppedAt);
    }

    [Fact]
    public async Task A_console_log_comes_from_its_beginning_and_goes_on_while_it_is_followed()
    {
        await using var app = await ResourceServiceApp.StartAsync(builder => builder.AddScript("talker", "echo one; echo two >&2; read line; echo $line").WithExplicitStart());
        await app.App.ResourceCommands.ExecuteCommandAsync("talker", "start");
        await app.App.ReachesAsync("talker", "Finished");
        var request = new WatchResourceConsoleLogsRequest { ResourceName = "talker" };

        using var follow = await app.Calls.WatchAsync("WatchResourceConsoleLogs", request, WatchResourceConsoleLogsUpdate.Parser);
        var lines = new List<ConsoleLogLine>();
        while (lines.Count < 3)
            lines.AddRange((await follow.NextAsync())!.LogLines);
        Assert.Equal([1, 2, 3], lines.Select(l => l.LineNumber));
        Assert.True(lines.Single(l => l.Text.EndsWith(" two", StringComparison.Ordinal)).IsStdErr);
        Assert.False(lines.Single(l => l.Text.EndsWith(" one", StringComparison.Ordinal)).IsStdErr);

        await app.App.ResourceCommands.ExecuteCommandAsync("talker", "restart");
        Assert.NotEmpty((await follow.NextAsync())!.LogLines);

        request.SuppressFollow = true;
        using var once = await app.Calls.WatchAsync("WatchResourceConsoleLogs", request, WatchResourceConsoleLogsUpdate.Parser);
        Assert.Equal("0", await once.EndAsync());
        using var nobody = await app.Calls.WatchAsync("WatchResourceConsoleLogs", new WatchResourceConsoleLogsRequest { ResourceName = "nobody" }, WatchResourceConsoleLogsUpdate.Parser);
        Assert.Equal("0", await nobody.EndAsync());
    }

    [Fact]
    public async Task A_command_says_what_it_asks_for_takes_it_and_answers()
    {
        await using var app = await ResourceServiceApp.StartAsync(builder => builder.AddScript("target", "sleep 1000").WithCommand(
            "place",
            "Place orders",
            context => Task.FromResult(context.Arguments["count"].Value == "0"
                ? CommandResults.Failure("none")
                : CommandResults.Success($"{context.Arguments["count"].Value}, {context.Arguments["fast"].Value}", "# Done", Aspire.Hosting.ApplicationModel.CommandResultFormat.Markdown, displayImmediately: true)),
            new CommandOptions
            {
                Description = "Places some",
                ConfirmationMessage = "Really?",
                IconName = "Cart",
                IsHighlighted = true,
                Arguments =
                [
                    new InteractionInput { Name = "count", Label = "Orders", InputType = InputType.Number, Value = "10", Required = true },
                    new InteractionInput { Name = "fast", InputType = InputType.Boolean },
                ],
            }));
        using var watch = await app.Calls.WatchAsync("WatchResources", new WatchResourcesRequest(), WatchResourcesUpdate.Parser);
        var shown = (await watch.NextAsync())!.InitialData.Resources.Single().Commands.Single(c => c.Name == "place");
        Assert.Equal(("Place orders", "Places some", "Really?", "Cart", true), (shown.DisplayName, shown.DisplayDescription, shown.ConfirmationMessage, shown.IconName, shown.IsHighlighted));
        Assert.Equal(("count", "Orders", "10", true), (shown.ArgumentInputs[0].Name, shown.ArgumentInputs[0].Label, shown.ArgumentInputs[0].Value, shown.ArgumentInputs[0].Required));
        Assert.Equal(Aspire.DashboardService.Proto.V1.InputType.Number, shown.ArgumentInputs[0].InputType);

        var done = await RunAsync(("count", Value.ForNumber(3)), ("fast", Value.ForBool(true)));
        Assert.Equal((ResourceCommandResponseKind.Succeeded, "3, true"), (done.Kind, done.Message));
        Assert.Equal(("# Done", CommandResultFormat.Markdown, true), (done.Result.Value, done.Result.Format, done.Result.DisplayImmediately));
        Assert.Equal("10, ", (await RunAsync()).Message);
        Assert.Equal((ResourceCommandResponseKind.Failed, "none"), (await RunAsync(("count", Value.ForString("0")))) is var failed ? (failed.Kind, failed.Message) : default);
        Assert.Equal(ResourceCommandResponseKind.InvalidArguments, (await RunAsync(("colour", Value.ForString("green")))).Kind);

        Task<ResourceCommandResponse> RunAsync(params (string Name, Value Value)[] arguments) => app.Calls.AskAsync(
            "ExecuteResourceCommand",
            new ResourceCommandRequest { ResourceName = "target", CommandName = "place", Arguments = { arguments.ToDictionary(a => a.Name, a => a.Value) } },
            ResourceCommandResponse.Parser);
    }

    private static ResourceProperty Property(Resource resource, string name) => Assert.Single(resource.Properties, p => p.Name == name);
}
