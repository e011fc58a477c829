using System.Globalization;
using System.Text.Json.Nodes;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>The rendered overlays have everything that a workload needs in a cluster, and agree with the code.</summary>
public sealed class KubernetesTests
{
    [Theory]
    [InlineData(Overlay.Local, "nats order-api payment-gateway payment-worker postgres")]
    [InlineData(Overlay.Production, "nats order-api payment-worker")]
    public async Task An_overlay_renders_without_a_warning_and_has_its_workloads(string name, string workloads)
    {
        var overlay = await Overlay.RenderAsync(name);

        Assert.Equal(workloads.Split(' '), overlay.Workloads.Select(Overlay.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["order-migrations", "payment-migrations"], overlay.Of("Job").Select(Overlay.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Overlay.Local)]
    [InlineData(Overlay.Production)]
    public async Task Every_workload_has_three_probes(string name)
    {
        foreach (var workload in (await Overlay.RenderAsync(name)).Workloads)
        {
            foreach (var container in Overlay.Containers(workload))
            {
                foreach (var probe in new[] { "startupProbe", "readinessProbe", "livenessProbe" })
                    Assert.True(container.At(probe) is JsonObject, $"{Overlay.Name(workload)} has no {probe}");
            }
        }
    }

    [Theory]
    [InlineData(Overlay.Local)]
    [InlineData(Overlay.Production)]
    public async Task Liveness_probes_ignore_dependencies_and_readiness_probes_check_them(string name)
    {
        foreach (var container in (await Overlay.RenderAsync(name)).Services.SelectMany(Overlay.Containers))
        {
            Assert.Equal("/ready", container.Text("startupProbe/httpGet/path"));
            Assert.Equal("/ready", container.Text("readinessProbe/httpGet/path"));
            Assert.Equal("/alive", container.Text("livenessProbe/httpGet/path"));
        }
    }

    [Theory]
    [InlineData(Overlay.Local)]
    [InlineData(Overlay.Production)]
    public async Task Every_container_is_hardened(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        foreach (var workload in overlay.Workloads.Concat(overlay.Of("Job")))
        {
            var pod = Overlay.Pod(workload);
            Assert.Equal("true", pod.Text("securityContext/runAsNonRoot"));
            Assert.NotEqual("0", pod.Text("securityContext/runAsUser") ?? "0");
            Assert.Equal("RuntimeDefault", pod.Text("securityContext/seccompProfile/type"));
            Assert.Equal("false", pod.Text("automountServiceAccountToken"));
            Assert.All(Overlay.Containers(workload), container =>
            {
                Assert.Equal("false", container.Text("securityContext/allowPrivilegeEscalation"));
                Assert.Equal("true", container.Text("securityContext/readOnlyRootFilesystem"));
                Assert.Equal(["ALL"], container.Items("securityContext/capabilities/drop").Select(one => one.ToString()));
            });
        }
    }

    [Theory]
    [InlineData(Overlay.Local)]
    [InlineData(Overlay.Production)]
    public async Task Every_container_has_resource_requests_and_limits(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        foreach (var container in overlay.Workloads.Concat(overlay.Of("Job")).SelectMany(Overlay.Containers))
        {
            foreach (var amount in new[] { "requests/cpu", "requests/memory", "limits/cpu", "limits/memory" })
                Assert.True(container.Text($"resources/{amount}") is { Length: > 0 }, $"{container.Text("name")} has no {amount}");
        }
    }

    [Theory]
    [InlineData(Overlay.Local)]
    [InlineData(Overlay.Production)]
    public async Task The_termination_grace_period_of_a_service_exceeds_its_shutdown_timeout(string name)
    {
        foreach (var service in (await Overlay.RenderAsync(name)).Services)
        {
            var grace = Number(Overlay.Pod(service).Text("terminationGracePeriodSeconds"));
            var untilSignal = Number(Assert.Single(Overlay.Containers(service)).Text("lifecycle/preStop/sleep/seconds"));
            Assert.True(
                grace > untilSignal + ServiceDefaults.ServiceDefaults.ShutdownTimeout.TotalSeconds, $"{Overlay.Name(service)}: {grace} s");
        }
    }

    [Fact]
    public async Task Workers_scale_with_the_consumer_lag_up_to_the_limit_of_MaxAckPending()
    {
        var scaled = (await Overlay.RenderAsync(Overlay.Production)).Single("ScaledObject", "payment-worker");
        var trigger = Assert.Single(scaled.Items("spec/triggers"));
        var settings = new JetStreamOptions();

        Assert.Equal(settings.MaxAckPending / settings.Concurrency, Number(scaled.Text("spec/maxReplicaCount")));
        Assert.True(Number(scaled.Text("spec/minReplicaCount")) >= 1);
        Assert.Equal((Topology.OrderProcessor.Stream, Topology.OrderProcessor.Name),
            (trigger.Text("metadata/stream"), trigger.Text("metadata/consumer")));
    }

    [Fact]
    public async Task Production_has_three_brokers_for_three_replicas_and_syncs_every_write()
    {
        var overlay = await Overlay.RenderAsync(Overlay.Production);

        Assert.Equal("3", overlay.Single("StatefulSet", "nats").Text("spec/replicas"));
        Assert.Equal("3", overlay.Generated("ConfigMap", "ordersystem-settings").Text("data/JetStream__Replicas"));
        Assert.Contains(
            "sync_interval: always", overlay.Generated("ConfigMap", "nats-config").Text("data/nats.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_production_overlay_contains_no_secrets()
    {
        var overlay = await Overlay.RenderAsync(Overlay.Production);

        Assert.Empty(overlay.Of("Secret"));
        Assert.DoesNotContain(overlay.Of("ConfigMap"), map => map.ToJsonString().Contains("assword=", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData(Overlay.Local, "order-api payment-worker")]
    [InlineData(Overlay.Production, "nats order-api payment-worker")]
    public async Task Replicated_workloads_are_spread_and_disrupted_one_at_a_time(string name, string workloads)
    {
        var overlay = await Overlay.RenderAsync(name);
        foreach (var workload in workloads.Split(' '))
        {
            var rendered = Assert.Single(overlay.Workloads, one => Overlay.Name(one) == workload);
            Assert.NotEmpty(Overlay.Pod(rendered).Items("topologySpreadConstraints"));
            Assert.Equal("1", overlay.Single("PodDisruptionBudget", workload).Text("spec/maxUnavailable"));
        }
    }

    [Theory]
    [InlineData(Overlay.Local)]
    [InlineData(Overlay.Production)]
    public async Task Network_policies_deny_by_default_and_exist_for_every_workload(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        var closed = overlay.Single("NetworkPolicy", "default-deny");

        Assert.Empty(closed.At("spec/podSelector")!.AsObject());
        Assert.Equal(["Egress", "Ingress"], closed.Items("spec/policyTypes").Select(one => one.ToString()).Order(StringComparer.Ordinal));
        Assert.All(overlay.Workloads, workload => Assert.Contains(
            overlay.Of("NetworkPolicy"), policy => Overlay.Name(policy) == Overlay.Name(workload)));
    }

    [Fact]
    public async Task Services_may_reach_the_port_of_the_identity_provider()
    {
        var overlay = await Overlay.RenderAsync(Overlay.Production);
        var authority = new Uri(
            overlay.Generated("ConfigMap", "ordersystem-settings").Text("data/Authentication__Schemes__Bearer__Authority")!);

        foreach (var service in overlay.Services.Select(Overlay.Name))
        {
            Assert.Contains(
                overlay.Of("NetworkPolicy").Where(policy => Selects(policy, service)).SelectMany(policy => policy.Items("spec/egress")),
                rule => rule.Items("to").Any(to => to.At("ipBlock") is not null)
                    && rule.Items("ports").Any(port => port.Text("port") == authority.Port.ToString(CultureInfo.InvariantCulture)));
        }

        static bool Selects(JsonNode policy, string service) =>
            policy.At("spec/podSelector/matchLabels")?["app.kubernetes.io/name"]?.ToString() == service
            || policy.Items("spec/podSelector/matchExpressions").Any(one => one.Items("values").Any(value => value.ToString() == service));
    }

    [Theory]
    [InlineData(Overlay.Local)]
    [InlineData(Overlay.Production)]
    public async Task The_worker_may_reach_the_order_API_for_payment_methods(string name)
    {
        var overlay = await Overlay.RenderAsync(name);

        Assert.Contains(overlay.Single("NetworkPolicy", "payment-worker").Items("spec/egress"), rule => Names(rule, "to", "order-api"));
        Assert.Contains(overlay.Single("NetworkPolicy", "order-api").Items("spec/ingress"), rule => Names(rule, "from", "payment-worker"));

        static bool Names(JsonNode rule, string direction, string peer) => rule.Items(direction).Any(
            one => one.At("podSelector/matchLabels")?["app.kubernetes.io/name"]?.ToString() == peer);
    }

    [Fact]
    public async Task The_component_of_Stripe_replaces_the_provider()
    {
        // kustomize takes no absolute paths, and follows no link: the copy is as deep as the original.
        var folder = Directory.CreateTempSubdirectory("ordersystem-kustomize-");
        try
        {
            var deploy = Path.Combine(Solution.Root, "deploy");
            await Programs.RunAsync(new(
                "cp", ["-r", Path.Combine(deploy, "kubernetes"), Path.Combine(deploy, "nats"), folder.FullName]));
            var file = Path.Combine(folder.FullName, "kubernetes", "overlays", Overlay.Production, "kustomization.yaml");
            await File.AppendAllTextAsync(file, "components:\n  - ../../components/stripe\n");

            var overlay = await Overlay.RenderFolderAsync(Path.GetDirectoryName(file)!);

            var provider = overlay.Generated("ConfigMap", "payment-provider");
            Assert.Equal("stripe", provider.Text("data/Payments__Provider"));
            Assert.Null(provider.Text("data/Payments__GatewayUrl"));
            Assert.Contains(
                Overlay.Containers(overlay.Single("Deployment", "payment-worker")).Single().Items("envFrom"),
                from => from.Text("configMapRef/name") == Overlay.Name(provider));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Number(string? text) => int.Parse(Assert.IsType<string>(text), CultureInfo.InvariantCulture);
}
