namespace OrderSystem.Tests.Conventions;

/// <summary>
/// The layers of each project, the lowest first. A namespace may use those of lower layers, never one of its own layer or above. The root namespace, the empty
/// name, puts the parts together.
/// </summary>
internal static class Layers
{
    internal static IReadOnlyDictionary<string, string[][]> Of { get; } = new Dictionary<string, string[][]>(StringComparer.Ordinal)
    {
        ["OrderSystem.ServiceDefaults"] =
        [
            ["Hosting", "Health", "Http"],
            ["Access", "Telemetry"],
            ["Telemetry.Prometheus"],
            [""],
        ],
        ["OrderSystem.Messaging"] =
        [
            ["Contracts", "Connections", "Persistence"],
            ["Envelope", "Telemetry", "Schema"],
            ["GroupCommit"],
            ["Outbox"],
            ["JetStream"],
            ["Operations"],
            [""],
        ],
        ["OrderSystem.OrderApi"] =
        [
            ["Errors", "Idempotency"],
            ["Orders"],
            ["Payments", "Ops.Worker", "Ops.DeadLetters"],
            ["Ops.Audit"],
            ["Timeline"],
            ["Ops"],
            [""],
        ],
        ["OrderSystem.PaymentWorker"] =
        [
            ["Gateway"],
            ["Payments"],
            ["Ops.Payments"],
            ["Ops"],
            [""],
        ],
        ["OrderSystem.PaymentGateway"] = [["Charges"], [""]],
        ["OrderSystem.LoadTest"] = [["Load"], [""]],
        ["OrderSystem.AppHost"] = [["Access"], [""]],
        ["OrderSystem.Benchmarks"] = [[""]],
    };

    /// <summary>As docs/architecture.md shows them: the highest layer on top.</summary>
    internal static string Picture { get; } = string.Join('\n', Of.Select(project =>
        $"{project.Key}\n{string.Join('\n', project.Value.Reverse().Select(layer => $"    {string.Join(" · ", layer.Select(name => name.Length == 0 ? "(root)" : name))}"))}\n"));
}
