using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>The services as their images have them: eng/publish-services.sh publishes them.</summary>
internal static class PublishedServices
{
    /// <summary>Publishes what has changed since the last time.</summary>
    /// <exception cref="LocalServerException">The code does not compile, or a package cannot be restored.</exception>
    internal static async Task PublishAsync(CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync("publishing the services");
        await ChildProcess.RunAsync(
            [Path.Combine(SolutionFolder.Root, "eng", "publish-services.sh")], cancellationToken: cancellationToken);
    }

    internal static string[] CommandOf(string project) =>
        ["dotnet", Path.Combine(SolutionFolder.Root, "artifacts", "services", "publish", project, $"{project}.dll")];
}
