using System.Globalization;

namespace OrderSystem.AppHost.Commands;

/// <summary>Sets one fault of the simulated provider at a time, and gives money back at its console.</summary>
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
        .WithConsole(
            "refund", "Refund at the console…", "ArrowUndo",
            "Refunds a paid order at the provider's own console; a webhook tells the worker.", "/console/refunds")
        .WithConsole(
            "charge-back", "Charge back…", "MoneyDismiss",
            "Lets the customer of a paid order dispute its charge, and win; webhooks tell the worker.", "/console/disputes")
        .WithOperation(
            "heal", "Heal", "Heart", "Removes all faults of the provider.", "Remove all faults of the provider?",
            async (service, _) =>
            {
                await service.SendAsync(HttpMethod.Delete, "/faults");
                return Operation.Done("The provider works again.", new { });
            });

    /// <summary>Without an amount what is left of the charge is given back.</summary>
    private static IResourceBuilder<ProjectResource> WithConsole(
        this IResourceBuilder<ProjectResource> gateway, string name, string displayName, string icon, string effect, string path) =>
        gateway.WithOperation(
            name, displayName, icon, effect, $"{effect} Continue?",
            async (service, context) =>
            {
                decimal? amount = null;
                if (context.Arguments["amount"].Value is { Length: > 0 } text)
                {
                    if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var given))
                        return CommandResults.Failure("The amount must be a number such as 4.50, or empty.");
                    amount = given;
                }

                var request = new { orderId = context.Arguments["order"].Value, amount };
                var done = await service.SendAsync(HttpMethod.Post, path, request);
                return Operation.Done(
                    $"{done.GetProperty("amount")} {done.GetProperty("currency")} were given back as {done.GetProperty("id")}.", done);
            },
            [
                new() { Name = "order", Label = "Order id", InputType = InputType.Text, Required = true },
                new()
                {
                    Name = "amount", Label = "Amount", Description = "Empty: what is left of the charge", InputType = InputType.Text,
                },
            ]);

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
