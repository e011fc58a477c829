using OrderSystem.PaymentWorker.Payments;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

[Fast]
public sealed class ProviderKeyTests
{
    private static readonly Guid Order = Guid.Parse("0190b3e5-7c1a-7000-8000-000000000001");

    /// <summary>With another derivation, orders whose payment rows were lost would be charged a second time.</summary>
    [Fact]
    public void The_provider_keys_of_an_order_never_change()
    {
        Assert.Equal(Guid.Parse("67a320f9-8f20-83aa-8d1e-5179f565d85a"), ProviderKey.OfCharge(Order));
        Assert.Equal(Guid.Parse("9c15def8-71a2-8041-a336-37c49a22e8ce"), ProviderKey.OfRefund(Order));
        Assert.Equal(Guid.Parse("a978c340-4809-8aa6-9af6-0927334f6717"), ProviderKey.OfPartialRefund(Order));
        Assert.Equal((8, 8), (ProviderKey.OfCharge(Order).Version, ProviderKey.OfRefund(Order).Version));
    }

    [Fact]
    public void Charge_and_refund_keys_of_all_orders_are_distinct() =>
        Assert.Equal(
            3_000,
            Enumerable.Range(0, 1_000).Select(_ => Guid.NewGuid())
                .SelectMany(
                    id => new[] { ProviderKey.OfCharge(id), ProviderKey.OfRefund(id), ProviderKey.OfPartialRefund(id) })
                .Distinct().Count());
}
