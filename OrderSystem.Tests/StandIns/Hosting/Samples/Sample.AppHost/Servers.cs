namespace Sample.AppHost;

/// <summary>A program, another one that needs it, and one that ends only when it is killed; each writes down that it was told to stop.</summary>
internal static class Servers
{
    public static void Add(IDistributedApplicationBuilder builder)
    {
        var log = builder.Configuration["Sample:Log"]!;
        var server = Script(builder, "server", $"trap 'echo server >> {log}; exit 0' TERM; touch {log}.server; while :; do sleep 0.1; done");
        Script(builder, "client", $"trap 'sleep 0.5; echo client >> {log}; exit 0' TERM; touch {log}.client; while :; do sleep 0.1; done").WaitFor(server);

        // Its children stay in its session even though they do not know it.
        Script(builder, "family", $"sleep 1000 & sleep 1000 & touch {log}.family; wait");
    }

    private static IResourceBuilder<ExecutableResource> Script(IDistributedApplicationBuilder builder, string name, string script) =>
        builder.AddExecutable(name, "sh", ".", "-c", script);
}
