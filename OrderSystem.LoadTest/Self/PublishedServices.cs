using System.Runtime.InteropServices;
using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>The services as their images have them: published with ReadyToRun code, which a plain build compiles after the start.</summary>
internal static class PublishedServices
{
    private static readonly string[] Projects = ["OrderSystem.PaymentGateway", "OrderSystem.PaymentWorker", "OrderSystem.OrderApi"];
    private static readonly string Artifacts = Path.Combine(SolutionFolder.Root, "artifacts", "services");

    /// <summary>Publishes what has changed since the last time.</summary>
    /// <exception cref="LocalServerException">The code does not compile, or a package cannot be restored.</exception>
    internal static async Task PublishAsync(CancellationToken cancellationToken)
    {
        foreach (var project in Projects)
        {
            await Console.Out.WriteLineAsync($"publishing {project}");
            await ChildProcess.RunAsync(
                [
                    "dotnet", "publish", Path.Combine(SolutionFolder.Root, project), "-c", "Release", "--artifacts-path", Artifacts,
                    "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", FolderOf(project),
                    "-p:PublishReadyToRun=true", "-p:RestoreLockedMode=false", "-p:RunAnalyzers=false", "-nodeReuse:false", "-v:q",
                ],
                cancellationToken: cancellationToken);
        }
    }

    internal static string[] CommandOf(string project) => ["dotnet", Path.Combine(FolderOf(project), $"{project}.dll")];

    private static string FolderOf(string project) => Path.Combine(Artifacts, "publish", project);
}
