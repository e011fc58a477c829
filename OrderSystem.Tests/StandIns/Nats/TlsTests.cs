using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class TlsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nats-tls-").FullName;

    public async ValueTask InitializeAsync()
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var ca = IssueCa(caKey);
        await File.WriteAllTextAsync(PathOf("ca.pem"), ca.ExportCertificatePem());
        await WriteCertificateAsync("server", ca, caKey);
        await WriteCertificateAsync("client", ca, caKey);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return default;
    }

    [Theory]
    [InlineData(TlsMode.Auto)]
    [InlineData(TlsMode.Prefer)]
    [InlineData(TlsMode.Require)]
    public async Task A_server_with_a_trusted_certificate_is_talked_to_in_private(TlsMode mode)
    {
        await using var server = await NatsServerProcess.StartAsync(Config());
        await using var connection = Connect(server.Url, new NatsTlsOpts { Mode = mode, CaFile = PathOf("ca.pem") });
        await using var sub = await connection.SubscribeCoreAsync<byte[]>("a");
        await connection.PublishAsync("a", new byte[300_000]);
        Assert.Equal(300_000, (await Until.DoneAsync("it came", sub.Msgs.ReadAsync().AsTask())).Data!.Length);
        Assert.True(connection.ServerInfo!.TlsRequired);
    }

    [Fact]
    public async Task An_unknown_issuer_is_refused()
    {
        await using var server = await NatsServerProcess.StartAsync(Config());
        await using var connection = Connect(server.Url, NatsTlsOpts.Default);
        var e = await Assert.ThrowsAsync<NatsException>(async () => await connection.ConnectAsync());
        Assert.IsType<System.Security.Authentication.AuthenticationException>(e.InnerException);
    }

    [Fact]
    public async Task An_unknown_issuer_passes_without_verification()
    {
        await using var server = await NatsServerProcess.StartAsync(Config());
        await using var connection = Connect(server.Url.Replace("nats:", "tls:", StringComparison.Ordinal), new NatsTlsOpts { InsecureSkipVerify = true });
        await connection.PingAsync();
    }

    [Fact]
    public async Task A_server_may_ask_for_a_client_certificate()
    {
        await using var server = await NatsServerProcess.StartAsync(Config(verify: true));
        await using var stranger = Connect(server.Url, new NatsTlsOpts { CaFile = PathOf("ca.pem") });
        await Assert.ThrowsAsync<NatsException>(async () => await stranger.ConnectAsync());

        await using var connection = Connect(server.Url, new NatsTlsOpts { CaFile = PathOf("ca.pem"), CertFile = PathOf("client.pem"), KeyFile = PathOf("client.key") });
        await connection.PingAsync();
    }

    [Fact]
    public async Task A_connection_with_tls_reconnects()
    {
        await using var server = await NatsServerProcess.StartAsync(Config());
        await using var connection = Connect(server.Url, new NatsTlsOpts { CaFile = PathOf("ca.pem") });
        await connection.PingAsync();
        await server.RestartAsync();
        await Until.TrueAsync("it noticed", async () =>
        {
            try
            {
                await connection.PingAsync();
                return true;
            }
            catch (NatsException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task Requiring_tls_of_a_server_that_has_none_fails()
    {
        await using var server = await NatsServerProcess.StartAsync();
        await using var connection = Connect(server.Url, new NatsTlsOpts { Mode = TlsMode.Require });
        await Assert.ThrowsAsync<NatsException>(async () => await connection.ConnectAsync());
    }

    [Fact]
    public async Task Disabling_tls_with_a_server_that_requires_it_fails()
    {
        await using var server = await NatsServerProcess.StartAsync(Config());
        await using var connection = Connect(server.Url, new NatsTlsOpts { Mode = TlsMode.Disable });
        await Assert.ThrowsAsync<NatsException>(async () => await connection.ConnectAsync());
    }

    private static NatsConnection Connect(string url, NatsTlsOpts tls) =>
        new(NatsOpts.Default with { Url = url, TlsOpts = tls, ReconnectWaitMin = TimeSpan.FromMilliseconds(20), ReconnectWaitMax = TimeSpan.FromMilliseconds(100) });

    private static X509Certificate2 IssueCa(ECDsa key)
    {
        var request = new CertificateRequest("CN=Test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
    }

    private async Task WriteCertificateAsync(string name, X509Certificate2 ca, ECDsa caKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(caKey), new DateTimeOffset(ca.NotBefore), new DateTimeOffset(ca.NotAfter), RandomNumberGenerator.GetBytes(8));
        await File.WriteAllTextAsync(PathOf($"{name}.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(PathOf($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private string Config(bool verify = false) =>
        $$"""tls { cert_file: "{{PathOf("server.pem")}}", key_file: "{{PathOf("server.key")}}", ca_file: "{{PathOf("ca.pem")}}", verify: {{(verify ? "true" : "false")}} }""";

    private string PathOf(string file) => Path.Combine(_folder, file);
}
