using OrderSystem.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedPostgres))]

namespace OrderSystem.Tests.Support;

/// <summary>
/// One PostgreSQL server for all tests that only need a database of their own. It starts with the first that asks for it.
/// </summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> server = new(PostgresServer.StartAsync);

    internal Task<PostgresServer> StartedAsync() => server.Value;

    /// <summary>Ends what was started.</summary>
    public async ValueTask DisposeAsync()
    {
        if (server.IsValueCreated)
            await (await server.Value).DisposeAsync();
    }
}
