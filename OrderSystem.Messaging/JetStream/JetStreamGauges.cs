using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// How much waits for the service's consumer, and how many dead letters there are. Any stream that turns out to be gone is made again by the
/// service that may: the consumer loop notices the one it reads only, and nobody else would miss the one that the service publishes to.
/// </summary>
internal sealed partial class JetStreamGauges : SampledGauges<JetStreamGauges.Sample>
{
    private const int NotFound = 404;
    private readonly ConsumerDeclaration consumer;
    private readonly INatsJSContext jetStream;
    private readonly TopologyProvisioner topology;
    private readonly ILogger<JetStreamGauges> logger;

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
        try
        {
            var found = await jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, cancellationToken);
            foreach (var stream in Topology.EventStreams)
                await jetStream.GetStreamAsync(stream, cancellationToken: cancellationToken);
            var deadLetters = await jetStream.GetStreamAsync(Topology.DeadLetters, cancellationToken: cancellationToken);
            return new(found.Info, deadLetters.Info.State.Messages);
        }
        catch (NatsJSApiException gone) when (gone.Error.Code == NotFound)
        {
            Log.Gone(logger, gone.Message);
            await RestoreAsync(cancellationToken);
            return null;
        }
    }

    private async Task RestoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            await topology.EnsureAsync(cancellationToken);
        }
        catch (TopologyMismatchException mismatch)
        {
            Log.Refused(logger, mismatch.Message);
        }
    }

    internal sealed record Sample(ConsumerInfo Consumer, long DeadLetters);

    private static partial class Log
    {
        [LoggerMessage(EventId = 1602, Level = LogLevel.Error, Message = "A stream or consumer is gone ({Error}); what is missing is made again.")]
        internal static partial void Gone(ILogger logger, string error);

        [LoggerMessage(EventId = 1603, Level = LogLevel.Error, Message = "{Difference}")]
        internal static partial void Refused(ILogger logger, string difference);
    }
}
