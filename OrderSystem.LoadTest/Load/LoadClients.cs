using OrderSystem.LoadTest.Measuring;

namespace OrderSystem.LoadTest.Load;

/// <summary>The connections of one phase.</summary>
/// <param name="Api">Base address of the order API.</param>
/// <param name="Requests">What they send.</param>
/// <param name="Recorder">Where they say what became of it.</param>
/// <param name="Connections">How many they are.</param>
/// <param name="FirstNumber">Numbers of orders go on from phase to phase, so that no key comes twice.</param>
/// <param name="Time">The clock.</param>
internal sealed record LoadClients(Uri Api, OrderRequests Requests, Recorder Recorder, int Connections, long FirstNumber, TimeProvider Time)
{
    internal Task RunAsync(Func<OrderConnection, Task> client) => Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
    {
        using var connection = new OrderConnection(Api, Requests, Recorder, Time);
        await client(connection);
    })));
}
