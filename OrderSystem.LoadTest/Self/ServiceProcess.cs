using System.Text.RegularExpressions;
using OrderSystem.LoadTest.Report;
using OrderSystem.LocalServers;

namespace OrderSystem.LoadTest.Self;

/// <summary>A service process, configured by environment variables as in production.</summary>
internal sealed partial class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly ChildProcess process;

    private ServiceProcess(ChildProcess process, Uri address) => (this.process, Address) = (process, address);

    internal Uri Address { get; }

    internal int ProcessId => process.Id;

    /// <summary>Starts it on a free port and waits until it is healthy.</summary>
    internal static async Task<ServiceProcess> StartAsync(
        string project, IReadOnlyDictionary<string, string> environment, TimeProvider time, CancellationToken cancellationToken)
    {
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = ChildProcess.Start(PublishedServices.CommandOf(project), Production(environment), line =>
        {
            if (NowListening().Match(line) is { Success: true } match)
                listening.TrySetResult(new Uri(match.Groups["address"].Value));
        });
        if (await Task.WhenAny(listening.Task, started.Exited, Task.Delay(StartTimeout, time, cancellationToken)) != listening.Task)
            throw new LoadTestException($"{project} did not start:\n{started.Output}");
        var service = new ServiceProcess(started, await listening.Task);
        using var http = new HttpClient { BaseAddress = service.Address };
        for (var start = time.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken))
        {
            using var health = await http.GetAsync(new Uri("/health", UriKind.Relative), cancellationToken);
            if (health.IsSuccessStatusCode)
                return service;
            if (time.GetElapsedTime(start) > StartTimeout)
            {
                var answer = await health.Content.ReadAsStringAsync(cancellationToken);
                throw new LoadTestException($"{project} did not become healthy: {answer}");
            }
        }
    }

    internal static Task MigrateAsync(
        string project, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken) =>
        ChildProcess.RunAsync([.. PublishedServices.CommandOf(project), "migrate"], Production(environment), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await process.StopAsync();
        await process.DisposeAsync();
    }

    private static Dictionary<string, string> Production(IReadOnlyDictionary<string, string> environment) =>
        new(environment, StringComparer.Ordinal)
        {
            ["ASPNETCORE_URLS"] = environment.GetValueOrDefault("ASPNETCORE_URLS", "http://127.0.0.1:0"),
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
        };

    [GeneratedRegex(@"Now listening on: (?<address>http://\S+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NowListening();
}
