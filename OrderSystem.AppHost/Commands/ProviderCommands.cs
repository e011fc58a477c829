namespace OrderSystem.AppHost.Commands;

/// <summary>Sets one fault of the simulated provider at a time.</summary>
internal static class ProviderCommands
{
    internal static IResourceBuilder<ProjectResource> WithProviderCommands(this IResourceBuilder<ProjectResource> gateway) => gateway
        .WithFault("slow-down", "Slow down", "TopSpeed", "Each charge and refund takes two seconds.", new { latency = "00:00:02" })
        .WithFault("fail", "Fail", "ErrorCircle", "Every call is answered with 503 and has no effect.", new { outage = true })
        .WithFault("decline", "Decline", "DismissCircle", "Every charge is declined.", new { declineRate = 1.0 })
        .WithFault("hang", "Hang", "Timer", "No call is answered or has an effect.", new { hangRate = 1.0 })
        .WithFault(
            "process", "Process", "HourglassHalf", "Each charge is processed for ten seconds, and a webhook brings its outcome.",
            new { processingRate = 1.0, processingFor = "00:00:10" })
        .WithFault(
            "delay-webhooks", "Delay webhooks", "Clock", "Each charge is processed, and its webhooks come half a minute late.",
            new { processingRate = 1.0, webhookDelay = "00:00:30" })
        .WithFault(
            "lose-webhooks", "Lose webhooks", "MailOff",
            "Each charge is processed, and no webhook is delivered: look-ups bring the outcome.",
            new { processingRate = 1.0, webhookLossRate = 1.0 })
        .WithFault(
            "double-webhooks", "Double webhooks", "DocumentCopy", "Each charge is processed, and its webhooks are delivered twice.",
            new { processingRate = 1.0, webhookDuplicateRate = 1.0 })
        .WithFault(
            "reorder-webhooks", "Reorder webhooks", "ArrowShuffle", "Each charge is processed, and webhooks overtake each other.",
            new { processingRate = 1.0, webhookReorder = "00:00:20" })
        .WithFault(
            "missign-webhooks", "Missign webhooks", "ShieldError", "Each charge is processed, and every webhook has a wrong signature.",
            new { processingRate = 1.0, webhookWrongSignatureRate = 1.0 })
        .WithFault(
            "settle-wrongly", "Settle wrongly", "DocumentError",
            "The settlement report lacks a charge, has another amount and a charge that was never made.", new { settlementErrors = true })
        .WithOperation(
            "heal", "Heal", "Heart", "Removes all faults of the provider.", "Remove all faults of the provider?",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Delete, "/faults");
                return Operation.Done("The provider works again.", new { });
            });

    private static IResourceBuilder<ProjectResource> WithFault(
        this IResourceBuilder<ProjectResource> gateway, string name, string displayName, string icon, string effect, object settings) =>
        gateway.WithOperation(
            name, displayName, icon, effect, $"{effect} This replaces any other fault and lasts until Heal. Continue?",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Put, "/faults", settings);
                return Operation.Done($"{effect} Heal ends it.", settings);
            });
}
