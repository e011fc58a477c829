using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class TestingTests
{
    [Fact]
    public async Task Several_applications_of_one_apphost_run_beside_each_other_on_their_own_ports()
    {
        var urls = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => RunAsync()));
        Assert.NotEqual(urls[0], urls[1]);

        static async Task<Uri> RunAsync()
        {
            await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Sample_AppHost>();
            await using var app = await builder.BuildAsync();
            await app.StartAsync();
            await app.IsHealthyAsync("web");
            using var client = app.CreateHttpClient("web");
            Assert.Equal("healthy", await client.GetStringAsync("/health"));
            return app.GetEndpoint("web");
        }
    }

    [Fact]
    public async Task A_test_changes_the_application_before_it_is_built()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Sample_AppHost>(["--Sample", "incomplete"]);
        builder.Configuration["Parameters:api-key"] = "k";
        builder.Configuration["ConnectionStrings:warehouse"] = "Host=here";
        Assert.Equal("Development", builder.Environment.EnvironmentName);
        Assert.Equal("Sample.AppHost", builder.AppHostAssembly?.GetName().Name);
        Assert.Equal(Projects.Sample_AppHost.ProjectPath, builder.AppHostDirectory);

        await using var app = await builder.BuildAsync();
        await app.StartAsync();

        Assert.Equal("Host=here", await app.GetConnectionStringAsync("warehouse"));
        Assert.Equal(2, app.Services.GetRequiredService<DistributedApplicationModel>().Resources.Count);
        await Assert.ThrowsAsync<ArgumentException>(async () => await app.GetConnectionStringAsync("api"));
        Assert.Throws<ArgumentException>(() => app.CreateHttpClient("warehouse"));
    }

    [Fact]
    public async Task An_entry_point_that_throws_fails_the_creation_with_its_exception()
    {
        var failure = await Assert.ThrowsAsync<NotSupportedException>(
            () => DistributedApplicationTestingBuilder.CreateAsync<Projects.Sample_AppHost>(["--publisher", "unheard-of"]));
        Assert.Contains("unheard-of", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_and_settings_are_the_test_s_to_change()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Sample_AppHost>([], (options, settings) =>
        {
            Assert.True(options.DisableDashboard);
            settings.EnvironmentName = "Staging";
        });
        Assert.Equal("Staging", builder.Environment.EnvironmentName);
    }

    [Fact]
    public async Task Disposing_stops_what_runs()
    {
        int processId;
        await using (var builder = SampleWeb.NewBuilder())
        {
            builder.AddScript("script", "sleep 1000");
            var app = await builder.StartAsync();
            await app.ReachesAsync("script", KnownResourceStates.Running);
            processId = (int)app.Snapshot("script").Properties.Single(p => p.Name == "executable.pid").Value!;
            Assert.False(HasEnded(processId));
        }

        Assert.True(HasEnded(processId));
    }

    private static bool HasEnded(int processId) => !Directory.Exists($"/proc/{processId}");
}
