using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.AppHost.Commands;

/// <summary>Places and refunds orders.</summary>
internal static class OrderCommands
{
    private const int MaxOrders = 10_000;
    private const int MaxConcurrency = 16;
    private const int Shown = 10;

    internal static IResourceBuilder<ProjectResource> WithOrderCommands(this IResourceBuilder<ProjectResource> api) => api
        .WithOperation(
            "place-10-orders", "Place 10 orders", "Cart", "Places ten small orders.",
            "Place 10 orders? They will be charged at the payment provider.",
            (service, _) => PlaceAsync(service, 10), isHighlighted: true)
        .WithOperation(
            "place-orders", "Place orders…", "Cart", "Places this number of small orders.",
            "Place these orders? They will be charged at the payment provider.",
            (service, context) => TryReadCount(context, out var count)
                ? PlaceAsync(service, count)
                : Task.FromResult(CommandResults.Failure($"The number of orders must be between 1 and {MaxOrders}.")),
            [Count])
        .WithOperation(
            "refund-order", "Refund an order…", "ArrowUndo", "Refunds a part of a paid order, or all of it.",
            "Refund this order? The payment provider will give the amount back.",
            (service, context) => TryReadRefund(context, out var order, out var amount)
                ? RefundAsync(service, order, amount)
                : Task.FromResult(CommandResults.Failure("The order must be an order's id, and the amount a number such as 9.99.")),
            [RefundedOrder, Amount]);

    private static InteractionInput Count => new()
    {
        Name = "count",
        Label = "Orders",
        Description = $"1 to {MaxOrders}",
        InputType = InputType.Number,
        Value = "100",
        Required = true,
    };

    private static InteractionInput RefundedOrder => new()
    {
        Name = "order",
        Label = "Order",
        Description = "Id of a paid order",
        InputType = InputType.Text,
        Required = true,
    };

    private static InteractionInput Amount => new()
    {
        Name = "amount",
        Label = "Amount",
        Description = "In units of the order's currency",
        InputType = InputType.Text,
        Required = true,
    };

    private static bool TryReadRefund(ExecuteCommandContext context, out Guid order, out decimal amount)
    {
        amount = 0;
        return Guid.TryParse(context.Arguments["order"].Value, CultureInfo.InvariantCulture, out order)
            && decimal.TryParse(context.Arguments["amount"].Value, NumberStyles.Number, CultureInfo.InvariantCulture, out amount);
    }

    private static async Task<ExecuteCommandResult> RefundAsync(ServiceClient service, Guid order, decimal amount)
    {
        var refund = await service.SendAsync(
            HttpMethod.Post, $"/orders/{order}/refunds", new { amount, reason = "dashboard" }, idempotencyKey: Guid.NewGuid().ToString());
        return Operation.Done($"The refund of {refund.GetProperty("amount")} is requested; its order shows what becomes of it.", refund);
    }

    private static bool TryReadCount(ExecuteCommandContext context, out int count) =>
        int.TryParse(context.Arguments["count"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out count)
            && count is >= 1 and <= MaxOrders;

    private static async Task<ExecuteCommandResult> PlaceAsync(ServiceClient service, int count)
    {
        var started = Stopwatch.GetTimestamp();
        var orders = new (string Id, string Total)[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrency }, async (number, _) =>
        {
            var pieces = (number % 3) + 1;
            var items = new[] { new { sku = $"SKU-{number % 7}", quantity = pieces, unitPrice = 9.99m } };
            var order = new { customerId = "dashboard", currency = "EUR", items };
            var placed = await service.SendAsync(HttpMethod.Post, "/orders", order, idempotencyKey: Guid.NewGuid().ToString());
            orders[number] = (placed.GetProperty("id").GetString()!, string.Create(CultureInfo.InvariantCulture, $"{pieces * 9.99m} EUR"));
        });

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var message = string.Create(CultureInfo.InvariantCulture, $"Placed {count} orders in {seconds:0.0} s.");
        var rows = orders.Take(Shown).Select(order => $"| `{order.Id}` | {order.Total} |");
        var rest = count > Shown ? $"\n\nand {count - Shown} more" : "";
        var table = $"{message}\n\n| order | total |\n|---|---|\n{string.Join('\n', rows)}{rest}";
        return CommandResults.Success(message, table, CommandResultFormat.Markdown, displayImmediately: true);
    }
}
