using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// Ensures the topology at start, and stops the service if it differs in a way that cannot be changed safely. An unreachable server does
/// not: orders go to the outbox, and the consumer loop ensures the topology when the server is back.
/// </summary>
internal sealed partial class TopologyGate(TopologyProvisioner topology, ILogger<TopologyGate> logger) : IHostedService
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
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
            Log.NotYet(logger, $"no answer within {Timeout.TotalSeconds:0} s");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(EventId = 1203, Level = LogLevel.Warning,
            Message = "JetStream unavailable at start ({Error}); events wait in the outbox.")]
        internal static partial void NotYet(ILogger logger, string error);
    }
}
