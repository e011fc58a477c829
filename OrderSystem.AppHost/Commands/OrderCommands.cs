using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.AppHost.Commands;

/// <summary>Places orders.</summary>
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
            [Count]);

    private static InteractionInput Count => new()
    {
        Name = "count",
        Label = "Orders",
        Description = $"1 to {MaxOrders}",
        InputType = InputType.Number,
        Value = "100",
        Required = true,
    };

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
