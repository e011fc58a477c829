using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>
/// Unusual values for every setting of docs/settings.md: a service starts with them,
/// or fails with one line that names the setting. It never ends with a stack trace.
/// </summary>
public sealed partial class ConfigurationFuzzTests(SharedSystem shared)
{
    private const string Api = "OrderSystem.OrderApi";
    private const string Worker = "OrderSystem.PaymentWorker";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private static readonly string[] Values =
    [
        "0", "-1", "1", "2147483647", "2147483648", "1e400", "NaN", "Infinity", "many", "00:00:00", "-00:00:01", "00:00:00.0000001",
        "24:00:00", "10675199.02:48:05.4775807", "99999999.00:00:00", "soon", "true",
        "null", "[]", "{}", "%00", "http://", "http://[", "htp://x", "file:///etc/passwd", "//x",
        "nats://", "nats://u:p@[::1", "://", "Host=", "Host=x;Nonsense=1", ";;;=", "Host=127.0.0.1;Port=many",
        "0.5", "1,5", "é", "\u202e",
    ];

    private static readonly string[] Common = ["ASPNETCORE_URLS", "SECRETS_PATH", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_METRICS_EXPORTER"];

    [Fact]
    public async Task A_service_starts_or_fails_with_one_line_that_names_the_setting()
    {
        var settings = Settings();
        Assert.True(settings.Length > 30, "docs/settings.md lists hardly any setting.");
        var system = await shared.StartedAsync();

        // Dedicated streams and databases, because a service with unusual settings may set up what breaks other tests.
        await using var nats = await NatsServer.StartAsync();
        var databases = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Api] = await system.Postgres.CreateDatabaseAsync(),
            [Worker] = await system.Postgres.CreateDatabaseAsync(),
        };
        foreach (var project in databases.Keys)
        {
            var (exitCode, output) = await ServiceProcess.RunAsync(project, EnvironmentOf(project, NatsUsers.Provisioning), "migrate");
            Assert.True(exitCode == 0, output);
        }

        var failed = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        await new FuzzRun("configuration", usualSeconds: 8).RunAsync(
            async input =>
            {
                var random = input.Random;

                // Several settings at once cover more per start. The one report has to name at least one of them.
                var changes = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.OneOf(settings)).Distinct(StringComparer.Ordinal)
                    .ToDictionary(
                        name => name,
                        _ => random.Hits(0.8) ? random.OneOf(Values) : WithoutNul(HostileValues.Text(random)),
                        StringComparer.Ordinal);
                var project = random.OneOf([Api, Worker]);
                input.Text = $"{project} {string.Join(' ', changes.Select(pair => $"{pair.Key}='{pair.Value}'"))}";
                var changed = EnvironmentOf(project, NatsUsers.Of(project));
                foreach (var (name, value) in changes)
                    changed[name] = value;
                if (await FailureAsync(project, changed) is { } report)
                {
                    failed.TryAdd(input.Text, true);
                    Assert.True(changes.Keys.Any(name => Names(report, name)), $"None of the settings is named: {report}");
                }
            },
            lanes: 2);
        Assert.NotEmpty(failed);

        Dictionary<string, string> EnvironmentOf(string project, string user) => new(system.Environment(project), StringComparer.Ordinal)
        {
            ["ConnectionStrings__nats"] = nats.UrlOf(user),
            ["ConnectionStrings__natsOps"] = nats.UrlOf(NatsUsers.Ops),
            ["ConnectionStrings__orders"] = databases[project],
            ["ConnectionStrings__payments"] = databases[project],
        };
    }

    /// <returns>The line with the reason when the service cannot start; null when it starts.</returns>
    private static async Task<string?> FailureAsync(string project, Dictionary<string, string> environment)
    {
        await using var service = ServiceProcess.Launch(Solution.OutputOf(project), environment);
        var deadline = Task.Delay(Timeout, TimeProvider.System);
        Assert.True(
            await Task.WhenAny(service.Listening, service.Exited, deadline) != deadline,
            $"The service neither starts nor ends:\n{service.Output}");
        if (service.Listening.IsCompleted)
            return null;
        await service.Exited;
        Assert.NotEqual(0, service.ExitCode);
        Assert.DoesNotContain("   at ", service.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", service.Output, StringComparison.Ordinal);
        return Assert.Single(
            service.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => line.Contains("cannot start", StringComparison.Ordinal));
    }

    /// <summary>Whether the report contains the last part of the name, or the whole name with colons.</summary>
    private static bool Names(string report, string setting) =>
        report.Contains(setting.Split("__")[^1], StringComparison.OrdinalIgnoreCase)
        || report.Contains(setting.Replace("__", ":", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);

    /// <summary>The settings of the services' tables: <c>`A__B`, `__C`</c> is A__B and A__C.</summary>
    private static string[] Settings()
    {
        var page = File.ReadAllText(Path.Combine(Solution.Root, "docs", "settings.md"));
        var appHost = page.IndexOf("## AppHost", StringComparison.Ordinal);
        var ofServices = page[..appHost] + page[page.IndexOf("\n## ", appHost + 1, StringComparison.Ordinal)..];
        var names = new List<string>(Common);
        foreach (Match row in Row().Matches(ofServices))
        {
            var section = "";
            foreach (Match name in Name().Matches(row.Groups["names"].Value))
            {
                var written = name.Groups[1].Value;
                names.Add(written.StartsWith('_') ? section + written : written);
                section = names[^1][..names[^1].LastIndexOf("__", StringComparison.Ordinal)];
            }
        }

        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>An environment variable cannot contain NUL.</summary>
    private static string WithoutNul(string text) =>
        text.Replace("\0", "", StringComparison.Ordinal) is var plain && plain.Length > 1_000 ? plain[..1_000] : plain;

    [GeneratedRegex(@"^\| (?<names>`[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`(\w*__\w+)`")]
    private static partial Regex Name();
}
