using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Reconciles the server with the declared topology: creates what is missing, applies safe changes, refuses unsafe ones. What the
/// connection's user is not permitted to do is left to the migrate verb, or to the service that owns the stream or consumer.
/// </summary>
internal sealed partial class TopologyProvisioner(
    INatsJSContext jetStream, IOptions<JetStreamOptions> options, ILogger<TopologyProvisioner> logger)
{
    private readonly INatsConnection nats = jetStream.Connection;
    private readonly JetStreamOptions settings = options.Value;

    /// <summary>Logged last, so that a permanent difference is logged once.</summary>
    private string? notAllowed;

    /// <exception cref="TopologyMismatchException">A stream or consumer differs in a way that cannot be changed without
    /// losing messages.</exception>
    /// <exception cref="NatsException">The server did not answer, or refused.</exception>
    internal async Task<TopologyReport> EnsureAsync(CancellationToken cancellationToken)
    {
        var report = new TopologyReport();
        foreach (var part in Parts())
            await EnsureAsync(part, report, cancellationToken);
        return report;
    }

    /// <summary>Compares the server with the declarations. Changes nothing.</summary>
    /// <exception cref="NatsException">The server did not answer, or refused.</exception>
    internal async Task<TopologyState> InspectAsync(CancellationToken cancellationToken)
    {
        var (differences, infos) = (new List<string>(), new Dictionary<string, JsonObject>(StringComparer.Ordinal));
        foreach (var part in Parts())
        {
            if (await nats.FindInfoAsync(part.Info, cancellationToken) is not { } info)
            {
                differences.Add($"{part.Title} is missing");
                continue;
            }

            infos.Add(part.Name, info);
            if (TopologyDifferences.Between(part.Title, info["config"]!.AsObject(), part.Config) is { Any: true } found)
                differences.Add($"{found}");
        }

        return new(differences, infos);
    }

    private async Task EnsureAsync(Part part, TopologyReport report, CancellationToken cancellationToken)
    {
        if (await nats.FindInfoAsync(part.Info, cancellationToken) is not { } info)
        {
            if (await TryAsync(
                part.Create, part.Request(TopologyDifferences.Between(part.Title, [], part.Config).Config), cancellationToken))
            {
                Log.Created(logger, part.Title);
                report.Done.Add($"created {part.Title}");
            }
            else
            {
                report.NotAllowed.Add($"{part.Title} is missing");
            }

            return;
        }

        var differences = TopologyDifferences.Between(part.Title, info["config"]!.AsObject(), part.Config).ThrowIfRefused();
        if (!differences.Any)
            return;
        if (await TryAsync(part.Update, part.Request(differences.Config), cancellationToken))
        {
            Log.Changed(logger, $"{differences}");
            report.Done.Add($"updated {differences}");
        }
        else
        {
            if (!string.Equals(Interlocked.Exchange(ref notAllowed, $"{differences}"), $"{differences}", StringComparison.Ordinal))
                Log.NotAllowed(logger, $"{differences}");
            report.NotAllowed.Add($"{differences}");
        }
    }

    /// <returns>False when the connection's user is not permitted to.</returns>
    private async Task<bool> TryAsync(string call, JsonObject request, CancellationToken cancellationToken)
    {
        try
        {
            await nats.ApplyAsync(call, request, cancellationToken);
            return true;
        }
        catch (NatsRefusedException)
        {
            return false;
        }
    }

    private IEnumerable<Part> Parts() =>
    [
        .. Topology.Streams.Select(stream => new Part(
            "stream", stream.Name, $"STREAM.INFO.{stream.Name}", $"STREAM.CREATE.{stream.Name}",
            $"STREAM.UPDATE.{stream.Name}", stream.ToConfig(settings), config => config)),
        .. Topology.Consumers.Select(consumer => new Part(
            "consumer", consumer.Name, $"CONSUMER.INFO.{consumer.Stream}.{consumer.Name}",
            $"CONSUMER.CREATE.{consumer.Stream}.{consumer.Name}", $"CONSUMER.CREATE.{consumer.Stream}.{consumer.Name}",
            consumer.ToConfig(settings), config => new() { ["stream_name"] = consumer.Stream, ["config"] = config })),
    ];

    /// <summary>A stream or consumer, and the API calls that read, create and update it.</summary>
    private sealed record Part(
        string Kind, string Name, string Info, string Create, string Update, JsonObject Config, Func<JsonObject, JsonObject> Request)
    {
        internal string Title => $"{Kind} {Name}";
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "Created JetStream {Title}.")]
        internal static partial void Created(ILogger logger, string title);

        [LoggerMessage(EventId = 1202, Level = LogLevel.Information, Message = "Updated JetStream {Differences}.")]
        internal static partial void Changed(ILogger logger, string differences);

        [LoggerMessage(EventId = 1204, Level = LogLevel.Warning,
            Message = "JetStream {Differences}: this user is not permitted to change that. Run the service once with the argument "
                + "'migrate' and ConnectionStrings__nats of the provisioning user.")]
        internal static partial void NotAllowed(ILogger logger, string differences);
    }
}

/// <summary>The topology on the server.</summary>
/// <param name="Differences">Streams and consumers that are missing or differ from their declaration, each in a line.</param>
/// <param name="Infos">Configuration and state of those that exist, by name.</param>
internal sealed record TopologyState(IReadOnlyList<string> Differences, IReadOnlyDictionary<string, JsonObject> Infos);

/// <summary>What was changed on the server, and what the user was not permitted to change.</summary>
internal sealed class TopologyReport
{
    internal List<string> Done { get; } = [];

    internal List<string> NotAllowed { get; } = [];
}
