using System.Text.Json;

namespace OrderSystem.AppHost.Commands;

/// <summary>Sends events of a service again that JetStream has lost.</summary>
internal static class RedriveCommand
{
    internal static IResourceBuilder<ProjectResource> WithRedriveCommand(this IResourceBuilder<ProjectResource> service) => service.WithOperation(
        "redrive", "Re-drive what is missing", "ArrowRepeatAll", "Sends those events again that are in the ledger and not on the stream.",
        "Send all events again that JetStream lacks? What took effect before does not do so again.",
        async (client, _) => Report(await client.SendAsync(HttpMethod.Post, "/ops/redrive?missing=true")));

    private static ExecuteCommandResult Report(JsonElement report)
    {
        var message = $"{report.GetProperty("found")} events were missing; {report.GetProperty("redriven")} are sent again.";
        return report.TryGetProperty("stopped", out var why) ? Operation.Failed($"{message} Stopped: {why}.", report) : Operation.Done(message, report);
    }
}
