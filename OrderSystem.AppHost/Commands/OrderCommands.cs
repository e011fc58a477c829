using System.Diagnostics;
using System.Globalization;

namespace OrderSystem.AppHost.Commands;

/// <summary>Places orders, to see what becomes of them.</summary>
internal static class OrderCommands
{
    private const int Most = 10_000;
    private const int AtOnce = 16;
    private const int Shown = 10;

    internal static IResourceBuilder<ProjectResource> WithOrderCommands(this IResourceBuilder<ProjectResource> api) => api
        .WithOperation(
            "place-10-orders", "Place 10 orders", "Cart", "Places ten small orders.", "Place 10 orders? They will be charged at the payment provider.",
            (service, _) => PlaceAsync(service, 10), isHighlighted: true)
        .WithOperation(
            "place-orders", "Place orders…", "Cart", "Places as many small orders as you say.", "Place these orders? They will be charged at the payment provider.",
            (service, context) => int.TryParse(context.Arguments["count"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= Most
                ? PlaceAsync(service, count)
                : Task.FromResult(CommandResults.Failure($"The number of orders must be between 1 and {Most}.")),
            [new InteractionInput { Name = "count", Label = "Orders", Description = $"1 to {Most}", InputType = InputType.Number, Value = "100", Required = true }]);

    private static async Task<ExecuteCommandResult> PlaceAsync(ServiceClient service, int count)
    {
        var started = Stopwatch.GetTimestamp();
        var orders = new (string Id, string Total)[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, _) =>
        {
            var pieces = (number % 3) + 1;
            var placed = await service.SendAsync(
                HttpMethod.Post, "/orders", new { customerId = "dashboard", currency = "EUR", items = new[] { new { sku = $"SKU-{number % 7}", quantity = pieces, unitPrice = 9.99m } } },
                idempotencyKey: Guid.NewGuid().ToString());
            orders[number] = (placed.GetProperty("id").GetString()!, string.Create(CultureInfo.InvariantCulture, $"{pieces * 9.99m} EUR"));
        });

        var message = string.Create(CultureInfo.InvariantCulture, $"Placed {count} orders in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s.");
        var rows = orders.Take(Shown).Select(order => $"| `{order.Id}` | {order.Total} |");
        var rest = count > Shown ? $"\n\nand {count - Shown} more" : "";
        return CommandResults.Success(message, $"{message}\n\n| order | total |\n|---|---|\n{string.Join('\n', rows)}{rest}", CommandResultFormat.Markdown, displayImmediately: true);
    }
}
