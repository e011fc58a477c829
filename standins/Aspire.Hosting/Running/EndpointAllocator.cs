using System.Globalization;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Running;

/// <summary>Gives every endpoint its port, and every process the port that it has to listen on itself.</summary>
internal sealed class EndpointAllocator(IConfiguration configuration)
{
    private readonly bool _randomize = configuration.GetValue<bool>("DcpPublisher:RandomizePorts");
    private readonly Dictionary<int, string> _taken = [];

    /// <exception cref="DistributedApplicationException">A port is taken, or what is declared cannot be had.</exception>
    public void Allocate(IResource resource, IReadOnlyList<Instance> instances)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.Protocol != ProtocolType.Tcp)
                throw new NotSupportedException($"The endpoint '{endpoint.Name}' of '{resource.Name}': protocols other than TCP are not supported.");
            var port = resource is ContainerResource ? AllocateContainer(resource, endpoint, instances[0]) : AllocateProcess(resource, endpoint, instances);
            var target = instances.Count == 1 ? instances[0].Ports[endpoint].ToString(CultureInfo.InvariantCulture) : null;
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", port, target);
        }
    }

    private int AllocateContainer(IResource resource, EndpointAnnotation endpoint, Instance instance)
    {
        var target = endpoint.TargetPort ?? endpoint.Port
            ?? throw new DistributedApplicationException($"The endpoint '{endpoint.Name}' for container resource '{resource.Name}' must specify the TargetPort.");
        instance.Ports[endpoint] = target;
        return Public(resource, endpoint, endpoint.Port) ?? FreePorts.Next();
    }

    private int AllocateProcess(IResource resource, EndpointAnnotation endpoint, IReadOnlyList<Instance> instances)
    {
        if (instances.Count > 1 && (!endpoint.IsProxied || endpoint.TargetPort is not null))
            throw new DistributedApplicationException($"The endpoint '{endpoint.Name}' of '{resource.Name}' has a fixed target port, which {instances.Count} replicas cannot share.");
        if (!endpoint.IsProxied && endpoint is { Port: { } fixedPort, TargetPort: { } fixedTarget } && fixedPort != fixedTarget)
            throw new DistributedApplicationException($"The endpoint '{endpoint.Name}' of '{resource.Name}' has no proxy, so its port {fixedPort} must be its target port {fixedTarget} too.");

        var port = Public(resource, endpoint, endpoint.Port);
        var target = instances.Count == 1 ? endpoint.TargetPort ?? port : null;
        port ??= _randomize && endpoint.IsProxied ? FreePorts.Next() : target ?? FreePorts.Next();
        if (instances.Count == 1)
            target ??= port;
        foreach (var instance in instances)
            instance.Ports[endpoint] = target ?? FreePorts.Next();
        return port.Value;
    }

    private int? Public(IResource resource, EndpointAnnotation endpoint, int? port)
    {
        if (port is not { } wanted || _randomize && endpoint.IsProxied)
            return null;
        var advice = endpoint.FromLaunchProfile ? "the port in the launch profile of its project" : "its port in the AppHost";
        if (!_taken.TryAdd(wanted, resource.Name))
            throw new DistributedApplicationException($"{resource.Name} cannot listen on port {wanted}: {_taken[wanted]} has it. Change {advice}.");
        if (!FreePorts.IsFree(wanted))
            throw new DistributedApplicationException($"{resource.Name} cannot listen on port {wanted}: another program does. Stop that (see 'ss -ltnp'), or change {advice}.");
        return wanted;
    }
}
