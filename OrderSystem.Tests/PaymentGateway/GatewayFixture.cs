using Xunit;

namespace OrderSystem.Tests.PaymentGateway;

/// <summary>One provider for all tests of a class.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    internal Gateway Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await Gateway.StartAsync();

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}
