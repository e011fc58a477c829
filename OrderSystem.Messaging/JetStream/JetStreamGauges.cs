using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Connections;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// How much waits for the service's consumer, and how many dead letters there are. What is missing by then, or was changed, is put right by the
/// service that may: the consumer loop notices only the stream that it reads.
/// </summary>
internal sealed partial class JetStreamGauges : SampledGauges<JetStreamGauges.Sample>
{
    private readonly ConsumerDeclaration consumer;
    private readonly INatsJSContext jetStream;
    private readonly TopologyProvisioner topology;
    private readonly ILogger<JetStreamGauges> logger;

    /// <summary>What was said last.</summary>
    private string? refused;

    public JetStreamGauges(
        ConsumerDeclaration consumer, IMeterFactory meters, INatsJSContext jetStream, TopologyProvisioner topology, TimeProvider time, ILogger<JetStreamGauges> logger)
        : base(time, logger)
    {
        (this.consumer, this.jetStream, this.topology, this.logger) = (consumer, jetStream, topology, logger);
        var meter = meters.Create(MessagingTelemetry.Name);
        var tag = new KeyValuePair<string, object?>("messaging.consumer.group.name", consumer.Name);
        meter.CreateObservableGauge("ordersystem.consumer.pending", () => Measure(sample => (long)sample.Consumer.NumPending, tag), "{message}", "Messages that were never delivered yet.");
        meter.CreateObservableGauge("ordersystem.consumer.ack_pending", () => Measure(sample => (long)sample.Consumer.NumAckPending, tag), "{message}", "Messages that are delivered and not yet acknowledged.");
        meter.CreateObservableGauge("ordersystem.consumer.redelivered", () => Measure(sample => (long)sample.Consumer.NumRedelivered, tag), "{message}", "Messages that wait for an acknowledgement and were delivered more than once.");
        meter.CreateObservableGauge("ordersystem.dead_letters.depth", () => Measure(sample => sample.DeadLetters), "{message}", "Dead letters that nobody has dealt with.");
    }

    protected override async Task<Sample?> SampleAsync(CancellationToken cancellationToken)
    {
        await RestoreAsync(cancellationToken);
        var found = await jetStream.Connection.AskAsync(token => jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, token), cancellationToken);
        var deadLetters = await jetStream.Connection.AskAsync(token => jetStream.GetStreamAsync(Topology.DeadLetters, cancellationToken: token), cancellationToken);
        return new(found.Info, deadLetters.Info.State.Messages);
    }

    private async Task RestoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            await topology.EnsureAsync(cancellationToken);
        }
        catch (TopologyMismatchException mismatch)
        {
            if (!string.Equals(Interlocked.Exchange(ref refused, mismatch.Message), mismatch.Message, StringComparison.Ordinal))
                Log.Refused(logger, mismatch.Message);
        }
    }

    internal sealed record Sample(ConsumerInfo Consumer, long DeadLetters);

    private static partial class Log
    {
        [LoggerMessage(EventId = 1603, Level = LogLevel.Error, Message = "{Difference}")]
        internal static partial void Refused(ILogger logger, string difference);
    }
}
