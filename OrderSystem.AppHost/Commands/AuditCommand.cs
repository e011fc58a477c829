using System.Text.Json;

namespace OrderSystem.AppHost.Commands;

/// <summary>Runs the audit.</summary>
internal static class AuditCommand
{
    internal static IResourceBuilder<ProjectResource> WithAuditCommand(this IResourceBuilder<ProjectResource> api) => api.WithOperation(
        "audit", "Run the audit", "ClipboardCheckmark", "Compares orders, events, streams, payments and the provider's ledger.",
        confirmation: null,
        async (service, _) => Report(await service.SendAsync(HttpMethod.Get, "/ops/audit")));

    private static ExecuteCommandResult Report(JsonElement report)
    {
        var verdict = report.GetProperty("verdict").GetString();
        var message = $"The audit of {report.GetProperty("orders")} orders: {Words(verdict)}.";
        var rows = report.GetProperty("checks").EnumerateArray().Select(check =>
        {
            var checkVerdict = Words(check.GetProperty("verdict").GetString());
            var disagreements = check.GetProperty("disagreements");
            return $"| {check.GetProperty("invariant")} | {check.GetProperty("check")} | {checkVerdict} | {disagreements} |";
        });
        var table = $"{message}\n\n| invariant | check | verdict | disagreements |\n|---|---|---|---|\n{string.Join('\n', rows)}";
        return verdict == "agrees"
            ? CommandResults.Success(message, table, CommandResultFormat.Markdown, displayImmediately: true)
            : CommandResults.Failure(
                message, new CommandResultData { Value = table, Format = CommandResultFormat.Markdown, DisplayImmediately = true });
    }

    private static string Words(string? verdict) => verdict switch
    {
        "agrees" => "everything agrees",
        "disagrees" => "something disagrees",
        _ => "not everything could be checked",
    };
}
