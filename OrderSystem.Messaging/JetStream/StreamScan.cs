using System.Runtime.CompilerServices;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Reads what is in a stream now, from a place on, with a consumer of its own that disturbs no other and goes afterwards.</summary>
public static class StreamScan
{
    private const int BatchSize = 256;

    /// <summary>Reads from a sequence on to what was the end when it began.</summary>
    /// <param name="jetStream">Where.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="from">The first sequence that is wanted.</param>
    /// <param name="subject">Only messages of this subject.</param>
    /// <param name="headersOnly">Leaves the bodies where they are.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async IAsyncEnumerable<INatsJSMsg<byte[]>> ScanAsync(
        this INatsJSContext jetStream, string stream, ulong from, string? subject = null, bool headersOnly = false,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var config = new ConsumerConfig
        {
            Name = $"ops-{Guid.NewGuid():N}",
            AckPolicy = ConsumerConfigAckPolicy.None,
            DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence,
            OptStartSeq = Math.Max(1, from),
            FilterSubject = subject,
            HeadersOnly = headersOnly,
            MemStorage = true,
            InactiveThreshold = TimeSpan.FromSeconds(30),
        };
        var consumer = await jetStream.CreateOrUpdateConsumerAsync(stream, config, cancellationToken);
        try
        {
            var left = consumer.Info.NumPending;
            var batch = new NatsJSFetchOpts { MaxMsgs = BatchSize };
            while (left > 0)
            {
                var before = left;
                await foreach (var message in consumer.FetchNoWaitAsync(batch, NatsRawSerializer<byte[]>.Default, cancellationToken))
                {
                    left = message.Metadata!.Value.NumPending;
                    yield return message;
                }

                // What was counted has been deleted meanwhile.
                if (left == before)
                    break;
            }
        }
        finally
        {
            await ForgetAsync(jetStream, stream, config.Name);
        }
    }

    private static async Task ForgetAsync(INatsJSContext jetStream, string stream, string consumer)
    {
        try
        {
            await jetStream.DeleteConsumerAsync(stream, consumer, CancellationToken.None);
        }
        catch (NatsException)
        {
            // The server forgets it by itself.
        }
    }
}
