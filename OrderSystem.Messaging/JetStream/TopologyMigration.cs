using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// The part of <c>migrate</c> that applies the declared topology, as a provisioning user: the services' users may not change it.
/// </summary>
internal static class TopologyMigration
{
    private const string Connection = "nats";

    /// <summary>Deadline of the whole migration.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private const int Attempts = 3;
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Applies and reports the changes. Without a connection string it does nothing: the services create what is missing.
    /// </summary>
    /// <returns>The exit code: 0, or 1 with one line on standard error.</returns>
    internal static async Task<int> RunAsync(IConfiguration configuration)
    {
        if (configuration.GetConnectionString(Connection) is not { Length: > 0 } url)
            return 0;
        try
        {
            var settings = configuration.GetSection(JetStreamOptions.Section).Get<JetStreamOptions>() ?? new();
            Validator.ValidateObject(settings, new(settings), validateAllProperties: true);
            var options = new NatsOpts { Url = url, Name = "migrate", ConnectTimeout = TimeSpan.FromSeconds(5) };
            await using var nats = new NatsConnection(options.WithAccess(configuration, Connection));
            using var deadline = new CancellationTokenSource(Timeout);
            await ConnectAsync(nats, deadline.Token);
            var topology = new TopologyProvisioner(
                new NatsJSContext(nats), Options.Create(settings), NullLogger<TopologyProvisioner>.Instance);
            return await ReportAsync(await topology.EnsureAsync(deadline.Token));
        }
        catch (OperationCanceledException)
        {
            return await FailAsync($"NATS did not answer within {Timeout.TotalSeconds:0} s.");
        }
        catch (Exception failure) when (failure is NatsException or TopologyMismatchException or ValidationException
            or InvalidOperationException or UriFormatException)
        {
            return await FailAsync($"{failure.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>Retries while the server is starting or busy.</summary>
    private static async Task ConnectAsync(NatsConnection nats, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await nats.ConnectAsync().AsTask().WaitAsync(cancellationToken);
                return;
            }
            catch (NatsException) when (attempt < Attempts)
            {
                await Task.Delay(BetweenAttempts, TimeProvider.System, cancellationToken);
            }
        }
    }

    private static async Task<int> ReportAsync(TopologyReport report)
    {
        if (report.NotAllowed.Count > 0)
            return await FailAsync(
                $"{string.Join("; ", report.NotAllowed)}: its user is not permitted to change that. Use the provisioning user.");
        await Console.Out.WriteLineAsync(report.Done.Count == 0
            ? "migrate: JetStream is as declared."
            : $"migrate: JetStream is as declared; {string.Join("; ", report.Done)}.");
        return 0;
    }

    private static async Task<int> FailAsync(string why)
    {
        await Console.Error.WriteLineAsync($"migrate: JetStream topology not applied: {why} Check ConnectionStrings__{Connection}.");
        return 1;
    }
}
