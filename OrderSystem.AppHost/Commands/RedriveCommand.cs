using System.Text.Json;

namespace OrderSystem.AppHost.Commands;

/// <summary>Re-drives events that JetStream has lost.</summary>
internal static class RedriveCommand
{
    internal static IResourceBuilder<ProjectResource> WithRedriveCommand(
        this IResourceBuilder<ProjectResource> service) => service.WithOperation(
        "redrive", "Re-drive missing events", "ArrowRepeatAll", "Republishes ledger events that the stream does not have.",
        "Republish all events that JetStream does not have? Consumers deduplicate those that they have processed.",
        async (client, _) => Report(await client.SendAsync(HttpMethod.Post, "/ops/redrive?missing=true")));

    private static ExecuteCommandResult Report(JsonElement report)
    {
        var message = $"{report.GetProperty("found")} events were missing; {report.GetProperty("redriven")} re-driven.";
        return report.TryGetProperty("stopped", out var reason)
            ? Operation.Failed($"{message} Stopped: {reason}.", report)
            : Operation.Done(message, report);
    }
}
