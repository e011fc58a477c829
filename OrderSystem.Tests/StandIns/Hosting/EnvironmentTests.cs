using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class EnvironmentTests
{
    [Fact]
    public async Task A_service_gets_its_launch_profile_its_port_and_what_it_refers_to()
    {
        var port = Ports.Free();
        await using var builder = SampleWeb.NewBuilder();
        var password = builder.AddParameter("password", "p@ss/word", secret: true);
        var server = builder.AddScript("server", "sleep 1000").WithEndpoint(targetPort: port, scheme: "tcp", name: "tcp", isProxied: false);
        var endpoint = server.GetEndpoint("tcp");
        var store = builder.AddConnectionString("store", ReferenceExpression.Create($"store://me:{password:uri}@{endpoint.Property(EndpointProperty.HostAndPort)}"));
        var other = builder.AddWeb("other-one");
        builder.AddWeb("web")
            .WithReference(store)
            .WithReference(store, connectionName: "second")
            .WithReference(other)
            .WithEnvironment("PLAIN", "text")
            .WithEnvironment("SECRET", password)
            .WithEnvironment("URL", other.GetEndpoint("http"))
            .WithEnvironment("MIXED", $"{password}:{endpoint.Property(EndpointProperty.Port)}")
            .WithEnvironment("CALLED", () => "back")
            .WithEnvironment("STORE", store)
            .WithEnvironment(context => context.EnvironmentVariables["CONTEXT"] = context.Resource.Name)
            .WithHttpHealthCheck("/health");
        await using var app = await builder.StartAsync();
        await app.IsHealthyAsync("web");

        var environment = await app.EnvironmentAsync("web");

        Assert.Equal("yes", environment["FROM_PROFILE"]);
        Assert.Equal("Development", environment["ASPNETCORE_ENVIRONMENT"]);
        Assert.Equal("in_memory", environment["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"]);
        Assert.Equal($"http://localhost:{app.GetEndpoint("web").Port}", environment["ASPNETCORE_URLS"]);
        Assert.Equal($"store://me:p%40ss%2Fword@localhost:{port}", environment["ConnectionStrings__store"]);
        Assert.Equal(environment["ConnectionStrings__store"], environment["ConnectionStrings__second"]);
        Assert.Equal(environment["ConnectionStrings__store"], environment["STORE"]);
        var otherUrl = app.GetEndpoint("other-one").ToString().TrimEnd('/');
        Assert.Equal(otherUrl, environment["services__other-one__http__0"]);
        Assert.Equal(otherUrl, environment["OTHER_ONE_HTTP"]);
        Assert.Equal(otherUrl, environment["URL"]);
        Assert.Equal("text", environment["PLAIN"]);
        Assert.Equal("p@ss/word", environment["SECRET"]);
        Assert.Equal($"p@ss/word:{port}", environment["MIXED"]);
        Assert.Equal("back", environment["CALLED"]);
        Assert.Equal("web", environment["CONTEXT"]);
        Assert.Equal(environment["ConnectionStrings__store"], await app.GetConnectionStringAsync("store"));
    }

    [Fact]
    public async Task Without_a_launch_profile_a_project_gets_neither_its_variables_nor_a_port()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddProject("step", SampleWeb.ProjectPath, launchProfileName: null).WithArgs("exit", "0");
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("step", KnownResourceStates.Finished);

        Assert.DoesNotContain(app.Snapshot("step").EnvironmentVariables, v => v.Name is "FROM_PROFILE" or "ASPNETCORE_URLS" or "ASPNETCORE_ENVIRONMENT");
        Assert.Empty(app.Snapshot("step").Urls);
    }

    [Fact]
    public async Task A_container_s_parts_of_a_connection_string_have_their_names_in_the_environment()
    {
        await using var builder = SampleWeb.NewBuilder("--publisher", "manifest");
        var nats = builder.AddNats("nats", userName: builder.AddParameter("user", "u"), password: builder.AddParameter("word", "w"));
        var web = builder.AddWeb("web").WithReference(nats).WithReference(builder.AddPostgres("pg").AddDatabase("sales", "sales_2"));

        var environment = await ExpressionsAsync(web.Resource, builder.ExecutionContext);

        Assert.Equal("nats://{user.value}:{word.value}@{nats.bindings.tcp.host}:{nats.bindings.tcp.port}", environment["NATS_URI"]);
        Assert.Equal("{user.value}", environment["NATS_USERNAME"]);
        Assert.Equal("{word.value}", environment["NATS_PASSWORD"]);
        Assert.Equal("{sales.connectionString}", environment["ConnectionStrings__sales"]);
        Assert.Equal("sales_2", environment["SALES_DATABASENAME"]);
        Assert.Equal("jdbc:postgresql://{pg.bindings.tcp.host}:{pg.bindings.tcp.port}/sales_2", environment["SALES_JDBCCONNECTIONSTRING"]);
    }

    [Fact]
    public async Task Arguments_are_texts_and_values_in_their_order()
    {
        await using var builder = SampleWeb.NewBuilder();
        var word = builder.AddParameter("word", "three");
        builder.AddExecutable("printer", "printf", ".", "%s\n", "one").WithArgs("two words").WithArgs(word).WithArgs(context => context.Args.Add(4));
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("printer", KnownResourceStates.Finished);

        Assert.Equal(["one", "two words", "three", "4"], await app.LogAsync("printer"));
    }

    [Fact]
    public async Task A_program_that_takes_its_port_from_a_variable_is_reached_through_a_proxy_at_another()
    {
        await using var builder = SampleWeb.NewBuilder();
        var echo = builder.AddScript("echo", "exec python3 -m http.server $PORT --bind 127.0.0.1").WithHttpEndpoint(targetPort: Ports.Free(), env: "PORT").WithHttpHealthCheck();
        await using var app = await builder.StartAsync();
        await app.IsHealthyAsync("echo");

        Assert.NotEqual(echo.GetEndpoint("http").TargetPort, app.GetEndpoint("echo").Port);
    }

    private static async Task<Dictionary<string, string>> ExpressionsAsync(IResource resource, DistributedApplicationExecutionContext executionContext)
    {
        var context = new EnvironmentCallbackContext(executionContext, resource);
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await annotation.Callback(context);
        return context.EnvironmentVariables.ToDictionary(v => v.Key, v => v.Value is IManifestExpressionProvider e ? e.ValueExpression : (string)v.Value);
    }
}
