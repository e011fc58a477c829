using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using System.Text;

namespace OrderSystem.Benchmarks;

/// <summary>An order with three lines, as the load test sends it.</summary>
internal static class Samples
{
    internal static readonly byte[] Request = Encoding.UTF8.GetBytes(
        """{"customerId":"customer-17","currency":"EUR","items":[{"sku":"SKU-1001","quantity":1,"unitPrice":19.99},"""
        + """{"sku":"SKU-1002","quantity":2,"unitPrice":5.00},{"sku":"SKU-1003","quantity":3,"unitPrice":0.99}]}""");

    internal static readonly OrderCreated Created = new(
        Guid.CreateVersion7(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero)), "customer-17", "EUR", 32.96m,
        [new("SKU-1001", 1, 19.99m), new("SKU-1002", 2, 5.00m), new("SKU-1003", 3, 0.99m)]);

    internal static readonly StoredEvent Event =
        StoredEvent.Create(Created, version: 1, new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero)) with
        {
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };
}
