using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>TLS to NATS by a service's settings, tried with the migrate verb, which connects as every service does.</summary>
public sealed class NatsTlsTests(SharedSystem shared) : IDisposable
{
    private readonly Certificates ours = new();
    private readonly Certificates foreign = new();

    public void Dispose()
    {
        ours.Dispose();
        foreign.Dispose();
    }

    [Fact]
    public async Task A_server_of_the_right_authority_is_believed_and_any_other_is_not()
    {
        await using var server = await NatsServer.StartAsync(Tls(verify: false));

        Assert.Equal((0, true), await MigrateAsync(server, ("Nats__CaFile", ours.PathOf("ca.pem"))));
        Assert.Equal((1, false), await MigrateAsync(server, ("Nats__CaFile", foreign.PathOf("ca.pem"))));
        Assert.Equal((1, false), await MigrateAsync(server));
        Assert.Equal((1, false), await MigrateAsync(server, ("Nats__CaFile", ours.PathOf("ca.pem")), ("Nats__Tls", "Disable")));
    }

    [Fact]
    public async Task A_server_that_asks_for_a_certificate_lets_in_who_has_one_of_its_authority()
    {
        await using var server = await NatsServer.StartAsync(Tls(verify: true));
        var believed = ("Nats__CaFile", ours.PathOf("ca.pem"));

        Assert.Equal((0, true), await MigrateAsync(server, believed, ("Nats__CertFile", ours.PathOf("client.pem")), ("Nats__KeyFile", ours.PathOf("client.key"))));
        Assert.Equal((1, false), await MigrateAsync(server, believed, ("Nats__CertFile", foreign.PathOf("client.pem")), ("Nats__KeyFile", foreign.PathOf("client.key"))));
        Assert.Equal((1, false), await MigrateAsync(server, believed));
    }

    [Fact]
    public async Task A_server_without_TLS_is_not_talked_to_where_TLS_is_required()
    {
        await using var server = await NatsServer.StartAsync();

        Assert.Equal((0, true), await MigrateAsync(server));
        Assert.Equal((1, false), await MigrateAsync(server, ("Nats__Tls", "Require")));
    }

    private async Task<(int ExitCode, bool Done)> MigrateAsync(NatsServer server, params (string Name, string Value)[] settings)
    {
        var environment = (await shared.StartedAsync()).MigrationEnvironment();
        environment["ConnectionStrings__nats"] = server.UrlOf(NatsUsers.Provisioning);
        foreach (var (name, value) in settings)
            environment[name] = value;
        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.OrderApi", environment, "migrate");
        Assert.DoesNotContain(NatsUsers.PasswordOf(NatsUsers.Provisioning), output, StringComparison.Ordinal);
        return (exitCode, output.Contains("JetStream is as declared", StringComparison.Ordinal));
    }

    private string Tls(bool verify) =>
        $$"""tls { cert_file: "{{ours.PathOf("server.pem")}}", key_file: "{{ours.PathOf("server.key")}}", ca_file: "{{ours.PathOf("ca.pem")}}", verify: {{(verify ? "true" : "false")}} }""";
}
