using System.Text.Json;

namespace OrderSystem.AppHost.Commands;

/// <summary>Shows and replays dead letters.</summary>
internal static class DeadLetterCommands
{
    private const int Shown = 20;

    internal static IResourceBuilder<ProjectResource> WithDeadLetterCommands(this IResourceBuilder<ProjectResource> api) => api
        .WithOperation(
            "show-dead-letters", "Show dead letters", "MailWarning", "Lists messages that a consumer gave up on.", confirmation: null,
            async (service, _) => Show(await service.SendAsync(HttpMethod.Get, $"/ops/dead-letters?limit={Shown}")))
        .WithOperation(
            "replay-dead-letters", "Replay dead letters", "MailArrowUp",
            "Sends every dead letter to its consumer again; stops at the first that fails again.",
            "Replay all dead letters? Fix the cause of their failure first.",
            async (service, _) => Report(await service.SendAsync(HttpMethod.Post, "/ops/dead-letters/replay", new { all = true })));

    private static ExecuteCommandResult Show(JsonElement page)
    {
        var letters = page.GetProperty("items").EnumerateArray().ToArray();
        if (letters.Length == 0)
            return CommandResults.Success("There are no dead letters.", "There are no dead letters.", CommandResultFormat.Markdown);
        var message = page.TryGetProperty("nextCursor", out _)
            ? $"There are more than {Shown} dead letters."
            : $"There are {letters.Length} dead letters.";
        var rows = letters.Select(letter => $"| {letter.GetProperty("sequence")} | {letter.GetProperty("at")} "
            + $"| {Text(letter, "type")} | `{Text(letter, "orderId")}` | {Text(letter, "reason")} |");
        var table = $"{message}\n\n| letter | since | event | order | reason |\n|---|---|---|---|---|\n{string.Join('\n', rows)}";
        return CommandResults.Success(message, table, CommandResultFormat.Markdown, displayImmediately: true);
    }

    private static ExecuteCommandResult Report(JsonElement report)
    {
        var failed = report.GetProperty("failedAgain").GetArrayLength();
        var message = $"{report.GetProperty("replayed")} replayed, {failed} of them dead letters again, "
            + $"{report.GetProperty("undecided")} not processed yet.";
        return failed == 0 ? Operation.Done(message, report) : Operation.Failed($"{message} Stopped: {Text(report, "stopped")}.", report);
    }

    // Text of a message must not break the table.
    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.ToString().Replace('|', '/').ReplaceLineEndings(" ") : "";
}
