using System.Net.Sockets;
using Aspire.Hosting.Dashboard.ResourceService;
using Aspire.Hosting.Running;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Dashboard;

/// <summary>Runs the dashboard beside the application.</summary>
internal sealed class DashboardHost(DashboardSettings settings, ResourceServiceHost resourceService, IConfiguration configuration, DistributedApplicationOptions options,
    Microsoft.Extensions.Hosting.IHostEnvironment environment)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private readonly Queue<string> _output = [];
    private ChildProcess? _process;
    private Task _announcing = Task.CompletedTask;
    private string? _temporaryHome;
    private volatile bool _stopping;

    public async Task StartAsync(Guard guard)
    {
        if (!settings.IsEnabled)
            return;
        await resourceService.StartAsync(CancellationToken.None);
        if (settings is not { Command: { } command, FrontendUrl: { } url, OtlpEndpoint: { } otlp })
        {
            await Console.Out.WriteLineAsync("No dashboard: it is not in .tools/dashboard, and ASPIRE_DASHBOARD_PATH names none.");
            return;
        }

        FreePorts.Check(url);
        FreePorts.Check(otlp);
        _process = await ChildProcess.StartAsync(new CommandLine(command.Path, command.Arguments, Path.GetDirectoryName(command.Path)!, EnvironmentOf(command, url, otlp)), guard, Remember);
        _announcing = AnnounceAsync(_process, url);
    }

    public async Task StopAsync()
    {
        _stopping = true;
        if (_process is not null)
            await _process.StopAsync(Patience);
        await _announcing;
        await resourceService.StopAsync();
        if (_temporaryHome is not null)
            Directory.Delete(_temporaryHome, recursive: true);
    }

    private Dictionary<string, string?> EnvironmentOf(DashboardCommand command, Uri url, Uri otlp)
    {
        var variables = LaunchPlanner.Inherited();
        variables["ASPNETCORE_ENVIRONMENT"] = "Production";
        variables["ASPNETCORE_URLS"] = url.ToString().TrimEnd('/');
        variables["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = otlp.ToString().TrimEnd('/');
        variables["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey";
        variables["DASHBOARD__OTLP__PRIMARYAPIKEY"] = settings.OtlpApiKey;
        variables["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken";
        variables["DASHBOARD__FRONTEND__BROWSERTOKEN"] = settings.BrowserToken;
        variables["DASHBOARD__APPLICATIONNAME"] = options.DashboardApplicationName ?? environment.ApplicationName;
        variables["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true";
        variables["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = configuration["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] ?? "true";
        variables["LOGGING__LOGLEVEL__DEFAULT"] = "Warning";

        variables["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = variables["DOTNET_RESOURCE_SERVICE_ENDPOINT_URL"] = resourceService.Address!.ToString().TrimEnd('/');
        variables["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey";
        variables["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = settings.ResourceServiceApiKey;
        variables["HOME"] = HomeOf(command);
        return variables;
    }

    // Keys that protect its cookies go below HOME; they belong neither into that of the user nor to anybody else's.
    private string HomeOf(DashboardCommand command)
    {
        var own = Path.Combine(Path.GetDirectoryName(command.Path)!, "..", "home");
        return Directory.Exists(own) ? Path.GetFullPath(own) : _temporaryHome = Directory.CreateTempSubdirectory("aspire-dashboard-").FullName;
    }

    private async Task AnnounceAsync(ChildProcess process, Uri url)
    {
        while (!process.Exited.IsCompleted)
        {
            if (await AnswersAsync(url))
            {
                await Console.Out.WriteLineAsync($"Login to the dashboard at {url.ToString().TrimEnd('/')}/login?t={settings.BrowserToken}");
                return;
            }

            await Task.Delay(Pace, TimeProvider.System);
        }

        if (!_stopping)
            await Console.Out.WriteLineAsync($"No dashboard: it has ended with exit code {await process.Exited}: {string.Join(" ", Tail())}");
    }

    private static async Task<bool> AnswersAsync(Uri url)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(url.Host, url.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Remember(string line, bool isError)
    {
        lock (_output)
        {
            _output.Enqueue(line.Trim());
            if (_output.Count > 3)
                _output.Dequeue();
        }
    }

    private string[] Tail()
    {
        lock (_output)
            return [.. _output];
    }
}
