namespace OrderSystem.Tests.Conventions;

/// <summary>
/// The layers of each project, the lowest first. A namespace may use those of lower layers, never one of its own layer or above. The root
/// namespace, the empty name, puts the parts together.
/// </summary>
internal static class Layers
{
    internal static IReadOnlyDictionary<string, string[][]> Of { get; } = new Dictionary<string, string[][]>(StringComparer.Ordinal)
    {
        ["OrderSystem.ServiceDefaults"] =
        [
            ["Hosting", "Health"],
            ["Access"],
            ["Http", "Telemetry.Prometheus"],
            ["Telemetry"],
            [""],
        ],
        ["OrderSystem.Messaging"] =
        [
            ["Contracts", "Connections", "Telemetry"],
            ["Envelope", "Persistence"],
            ["GroupCommit", "Schema"],
            ["Outbox", "Inbox"],
            ["JetStream"],
            ["Operations"],
            [""],
        ],
        ["OrderSystem.OrderApi"] =
        [
            ["Errors", "Idempotency", "Ops.Worker"],
            ["Orders"],
            ["Payments", "Ops.DeadLetters", "Ops.Audit"],
            ["Timeline", "Ops"],
            [""],
        ],
        ["OrderSystem.PaymentWorker"] =
        [
            ["Telemetry"],
            ["Gateway"],
            ["Payments"],
            ["Webhooks", "Ops.Payments", "Ops.Reconciliation"],
            ["Ops"],
            [""],
        ],
        ["OrderSystem.PaymentGateway"] =
        [
            ["Answers"],
            ["Ledger", "Faults"],
            ["Idempotency", "Webhooks"],
            ["Charges", "Refunds", "Stripe", "Settlement"],
            ["Console"],
            [""],
        ],
        ["OrderSystem.LocalServers"] =
        [
            [""],
        ],
        ["OrderSystem.AppHost"] =
        [
            ["Infrastructure"],
            ["Access"],
            ["Commands"],
            [""],
        ],
        ["OrderSystem.LoadTest"] =
        [
            ["Report"],
            ["Measuring", "Capacity"],
            ["Load"],
            ["Phases"],
            ["Runs"],
            ["Self"],
            [""],
        ],
        ["OrderSystem.Benchmarks"] =
        [
            [""],
        ],
    };

    /// <summary>As docs/architecture.md shows them: one line a project, the lowest layer first.</summary>
    internal static string Picture { get; } = string.Join('\n', Of.Select(project =>
        $"| {project.Key["OrderSystem.".Length..]} | {string.Join(" ← ", project.Value.Select(
            layer => string.Join(" · ", layer.Select(name => name.Length == 0 ? "*root*" : name))))} |"));
}
