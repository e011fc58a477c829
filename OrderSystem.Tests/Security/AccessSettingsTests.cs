using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A service without a valid authentication configuration does not start, and one line names the setting.</summary>
public sealed class AccessSettingsTests(SharedSystem shared)
{
    private const string Authority = "Authentication__Schemes__Bearer__Authority";
    private const string Audience = "Authentication__Schemes__Bearer__ValidAudience";
    private const string Issuer = "Authentication__Schemes__Bearer__ValidIssuer";
    private const string Keys = "Authentication__Jwks";

    [Theory]
    [InlineData("OrderSystem.OrderApi", "Production")]
    [InlineData("OrderSystem.OrderApi", "Development")]
    [InlineData("OrderSystem.PaymentWorker", "Production")]
    [InlineData("OrderSystem.PaymentWorker", "Development")]
    public async Task Missing_authority_and_keys_prevent_startup(string project, string environment) =>
        Assert.Contains(
            $"{Authority} is not set", await FailAsync(project, (Keys, ""), ("ASPNETCORE_ENVIRONMENT", environment)),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(Audience, "", Audience)]
    [InlineData(Issuer, "", Issuer)]
    [InlineData(Authority, "http://login.example.com/", Authority)]
    [InlineData(Authority, "https://", Authority)]
    [InlineData(Keys, "{}", Keys)]
    [InlineData(Keys, "not json", Keys)]
    [InlineData(Keys, """{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}""", "public keys only")]
    public async Task Insecure_or_malformed_authentication_settings_prevent_startup(string name, string value, string said) =>
        Assert.Contains(said, await FailAsync("OrderSystem.OrderApi", (name, value)), StringComparison.Ordinal);

    [Fact]
    public async Task A_private_key_in_the_key_set_is_rejected_and_not_echoed()
    {
        var pem = Tokens.Key.Export();
        using var key = System.Security.Cryptography.RSA.Create();
        key.ImportFromPem(pem);
        var d = System.Buffers.Text.Base64Url.EncodeToString(key.ExportParameters(includePrivateParameters: true).D);
        var line = await FailAsync(
            "OrderSystem.OrderApi", (Keys, Tokens.Key.Jwks.Replace("\"e\":", $"\"d\":\"{d}\",\"e\":", StringComparison.Ordinal)));

        Assert.Contains("public keys only", line, StringComparison.Ordinal);
        Assert.DoesNotContain(d, line, StringComparison.Ordinal);
    }

    private async Task<string> FailAsync(string project, params (string Name, string Value)[] settings)
    {
        var environment = (await shared.StartedAsync()).Environment();
        foreach (var (name, value) in settings)
            environment[name] = value;
        var (exitCode, output) = await ServiceProcess.RunAsync(project, environment);

        Assert.NotEqual(0, exitCode);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        return Assert.Single(
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => line.Contains("cannot start", StringComparison.Ordinal));
    }
}
