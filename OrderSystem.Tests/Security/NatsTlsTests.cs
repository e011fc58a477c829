using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>
/// The TLS settings of a service's NATS connection, tested with the migrate command, which connects as every service does.
/// </summary>
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
    public async Task Only_a_server_certificate_of_the_configured_CA_is_trusted()
    {
        await using var server = await NatsServer.StartAsync(Tls(verify: false));

        Assert.Equal((0, true), await MigrateAsync(server, ("Nats__CaFile", ours.PathOf("ca.pem"))));
        Assert.Equal((1, false), await MigrateAsync(server, ("Nats__CaFile", foreign.PathOf("ca.pem"))));
        Assert.Equal((1, false), await MigrateAsync(server));
        Assert.Equal((1, false), await MigrateAsync(server, ("Nats__CaFile", ours.PathOf("ca.pem")), ("Nats__Tls", "Disable")));
    }

    [Fact]
    public async Task Mutual_TLS_accepts_only_a_client_certificate_of_the_servers_CA()
    {
        await using var server = await NatsServer.StartAsync(Tls(verify: true));
        var trusted = ("Nats__CaFile", ours.PathOf("ca.pem"));

        Assert.Equal((0, true), await MigrateAsync(
            server, trusted, ("Nats__CertFile", ours.PathOf("client.pem")), ("Nats__KeyFile", ours.PathOf("client.key"))));
        Assert.Equal((1, false), await MigrateAsync(
            server, trusted, ("Nats__CertFile", foreign.PathOf("client.pem")), ("Nats__KeyFile", foreign.PathOf("client.key"))));
        Assert.Equal((1, false), await MigrateAsync(server, trusted));
    }

    [Fact]
    public async Task A_server_without_TLS_is_rejected_when_TLS_is_required()
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
        $$"""tls { cert_file: "{{ours.PathOf("server.pem")}}", key_file: "{{ours.PathOf("server.key")}}", """
        + $$"""ca_file: "{{ours.PathOf("ca.pem")}}", verify: {{(verify ? "true" : "false")}} }""";
}
