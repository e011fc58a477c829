using OrderSystem.LoadTest.Measuring;

namespace OrderSystem.LoadTest.Load;

/// <summary>The connections of one phase.</summary>
/// <param name="Api">Base address of the order API.</param>
/// <param name="Requests">The requests to send.</param>
/// <param name="Recorder">Records the results.</param>
/// <param name="Connections">The number of connections.</param>
/// <param name="FirstNumber">Continues the numbers of the last phase, so that no idempotency key is used twice.</param>
/// <param name="Time">The clock.</param>
internal sealed record LoadClients(Uri Api, OrderRequests Requests, Recorder Recorder, int Connections, long FirstNumber, TimeProvider Time)
{
    internal Task RunAsync(Func<OrderConnection, Task> client)
    {
        return Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(RunOneAsync)));

        async Task RunOneAsync()
        {
            using var connection = new OrderConnection(Api, Requests, Recorder, Time);
            await client(connection);
        }
    }
}
