using OrderSystem.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedSystem))]

namespace OrderSystem.Tests.Support;

/// <summary>One running system for all tests that break nothing. It starts with the first test that uses it.</summary>
public sealed class SharedSystem : IAsyncDisposable
{
    private readonly Lazy<Task<RunningSystem>> system = new(() => RunningSystem.StartAsync(new(StringComparer.Ordinal)
    {
        ["Payments__WebhookSecret"] = WebhookSigner.Secret,
    }));

    internal Task<RunningSystem> StartedAsync() => system.Value;

    /// <summary>Ends what was started.</summary>
    public async ValueTask DisposeAsync()
    {
        if (system.IsValueCreated)
            await (await system.Value).DisposeAsync();
    }
}
