using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Compares the topology at start and refuses to run on one that differs. A server that is not there does not keep the service from
/// starting: orders are taken into the outbox, and the consumer loop makes the topology as soon as there is a server.
/// </summary>
internal sealed partial class TopologyGate(TopologyProvisioner topology, ILogger<TopologyGate> logger) : IHostedService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            await topology.EnsureAsync(deadline.Token);
        }
        catch (TopologyMismatchException mismatch)
        {
            throw new StartupException(mismatch.Message);
        }
        catch (NatsException failure)
        {
            Log.NotYet(logger, failure.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotYet(logger, $"no answer within {Patience.TotalSeconds:0} s");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(EventId = 1203, Level = LogLevel.Warning, Message = "JetStream is not there yet ({Error}); events wait in the outbox until it is.")]
        internal static partial void NotYet(ILogger logger, string error);
    }
}
