using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Deployment;

/// <summary>Secrets are read from files, as container runtimes mount them.</summary>
public sealed class SecretFilesTests(SharedSystem shared) : IDisposable
{
    private const string ConnectionString = "ConnectionStrings__orders";
    private readonly string folder = Directory.CreateTempSubdirectory("secrets-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_connection_string_is_read_from_a_secret_file()
    {
        var environment = (await shared.StartedAsync()).MigrationEnvironment();
        await File.WriteAllTextAsync(Path.Combine(folder, ConnectionString), environment[ConnectionString] + "\n");
        environment[ConnectionString] = "Host=nowhere.invalid;Database=orders";
        environment["SECRETS_PATH"] = folder;

        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.OrderApi", environment, "migrate");

        Assert.True(exitCode == 0, output);
        Assert.Contains("up to date", output, StringComparison.Ordinal);
    }
}
