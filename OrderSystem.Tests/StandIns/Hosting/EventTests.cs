using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class EventTests
{
    [Fact]
    public async Task Events_come_in_the_order_of_a_life()
    {
        var seen = new List<string>();
        await using var builder = SampleWeb.NewBuilder();
        var server = builder.AddScript("server", "sleep 1000").WithEndpoint(targetPort: Ports.Free(), name: "tcp", isProxied: false);
        builder.AddConnectionString("link", ReferenceExpression.Create($"{server.GetEndpoint("tcp")}"));
        On<BeforeStartEvent>();
        On<AfterResourcesCreatedEvent>();
        OnResource<ResourceEndpointsAllocatedEvent>();
        OnResource<BeforeResourceStartedEvent>();
        OnResource<ResourceReadyEvent>();
        OnResource<ResourceStoppedEvent>();
        builder.Eventing.Subscribe<ConnectionStringAvailableEvent>((e, _) => AddAsync($"{nameof(ConnectionStringAvailableEvent)} {e.Resource.Name}"));

        await using var app = await builder.StartAsync();
        await app.IsHealthyAsync("server");
        await app.IsHealthyAsync("link");
        await app.StopAsync();

        lock (seen)
        {
            Assert.Equal(
                ["BeforeStartEvent", "ResourceEndpointsAllocatedEvent", "BeforeResourceStartedEvent", "ResourceReadyEvent", "ResourceStoppedEvent"],
                seen.Where(s => s is not ("AfterResourcesCreatedEvent" or "ConnectionStringAvailableEvent link")));
            Assert.Contains("AfterResourcesCreatedEvent", seen);
            Assert.Contains("ConnectionStringAvailableEvent link", seen);
        }

        void On<T>() where T : Aspire.Hosting.Eventing.IDistributedApplicationEvent => builder.Eventing.Subscribe<T>((_, _) => AddAsync(typeof(T).Name));

        void OnResource<T>() where T : Aspire.Hosting.Eventing.IDistributedApplicationResourceEvent =>
            builder.Eventing.Subscribe<T>(server.Resource, (_, _) => AddAsync(typeof(T).Name));

        Task AddAsync(string what)
        {
            lock (seen)
                seen.Add(what);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task What_waits_starts_after_everybody_who_prepares_the_resource_is_done()
    {
        var prepared = new TaskCompletionSource();
        await using var builder = SampleWeb.NewBuilder();
        var server = builder.AddScript("server", "sleep 1000");
        builder.AddScript("client", "sleep 1000").WaitFor(server);
        builder.Eventing.Subscribe<ResourceReadyEvent>(server.Resource, (_, token) => prepared.Task.WaitAsync(token));
        await using var app = await builder.StartAsync();

        await app.ReachesAsync("server", KnownResourceStates.Running);
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        Assert.Equal(KnownResourceStates.Waiting, app.Snapshot("client").State?.Text);

        prepared.SetResult();
        await app.ReachesAsync("client", KnownResourceStates.Running);
    }
}
