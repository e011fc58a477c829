using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// How much waits for the service's consumer, and how many dead letters there are. Measured every ten seconds; what cannot be measured is
/// not reported. A stream that turns out to be gone is made again: the consumer loop notices its own only.
/// </summary>
internal sealed partial class JetStreamGauges : BackgroundService
{
    private const int NotFound = 404;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly ConsumerDeclaration consumer;
    private readonly INatsJSContext jetStream;
    private readonly TopologyProvisioner topology;
    private readonly TimeProvider time;
    private readonly ILogger<JetStreamGauges> logger;
    private Sample? last;

    public JetStreamGauges(
        ConsumerDeclaration consumer, IMeterFactory meters, INatsJSContext jetStream, TopologyProvisioner topology, TimeProvider time, ILogger<JetStreamGauges> logger)
    {
        (this.consumer, this.jetStream, this.topology, this.time, this.logger) = (consumer, jetStream, topology, time, logger);
        var meter = meters.Create(MessagingTelemetry.Name);
        var tag = new KeyValuePair<string, object?>("messaging.consumer.group.name", consumer.Name);
        meter.CreateObservableGauge("ordersystem.consumer.pending", () => Measure(sample => (long)sample.Consumer.NumPending, tag), "{message}", "Messages that were never delivered yet.");
        meter.CreateObservableGauge("ordersystem.consumer.ack_pending", () => Measure(sample => (long)sample.Consumer.NumAckPending, tag), "{message}", "Messages that are delivered and not yet acknowledged.");
        meter.CreateObservableGauge("ordersystem.consumer.redelivered", () => Measure(sample => (long)sample.Consumer.NumRedelivered, tag), "{message}", "Messages that wait for an acknowledgement and were delivered more than once.");
        meter.CreateObservableGauge("ordersystem.dead_letters.depth", () => Measure(sample => sample.DeadLetters), "{message}", "Dead letters that nobody has dealt with.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            last = await SampleAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<Sample?> SampleAsync(CancellationToken stopping)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        deadline.CancelAfter(Patience);
        try
        {
            var found = await jetStream.GetConsumerAsync(consumer.Stream, consumer.Name, deadline.Token);
            var deadLetters = await jetStream.GetStreamAsync(Topology.DeadLetters, cancellationToken: deadline.Token);
            return new(found.Info, deadLetters.Info.State.Messages);
        }
        catch (NatsJSApiException gone) when (gone.Error.Code == NotFound)
        {
            await RestoreAsync(gone.Message, deadline.Token);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            Log.Failed(logger, failure.Message);
        }

        return null;
    }

    private async Task RestoreAsync(string error, CancellationToken cancellationToken)
    {
        Log.Gone(logger, error);
        try
        {
            await topology.EnsureAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not TopologyMismatchException)
        {
            Log.Failed(logger, failure.Message);
        }
        catch (TopologyMismatchException mismatch)
        {
            Log.Refused(logger, mismatch.Message);
        }
    }

    private IEnumerable<Measurement<long>> Measure(Func<Sample, long> value, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        last is { } sample ? [new(value(sample), tags)] : [];

    private sealed record Sample(ConsumerInfo Consumer, long DeadLetters);

    private static partial class Log
    {
        [LoggerMessage(EventId = 1601, Level = LogLevel.Debug, Message = "JetStream could not be measured: {Error}")]
        internal static partial void Failed(ILogger logger, string error);

        [LoggerMessage(EventId = 1602, Level = LogLevel.Error, Message = "A stream or consumer is gone ({Error}); what is missing is made again.")]
        internal static partial void Gone(ILogger logger, string error);

        [LoggerMessage(EventId = 1603, Level = LogLevel.Error, Message = "{Difference}")]
        internal static partial void Refused(ILogger logger, string difference);
    }
}
