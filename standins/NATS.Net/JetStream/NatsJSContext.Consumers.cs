using System.Runtime.CompilerServices;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

public partial class NatsJSContext
{
    /// <summary>Not supported: ordered consumers.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public ValueTask<INatsJSConsumer> CreateOrderedConsumerAsync(string stream, NatsJSOrderedConsumerOpts? opts = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(nameof(CreateOrderedConsumerAsync));

    public ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) =>
        PutConsumerAsync(stream, config, action: null, cancellationToken);

    public ValueTask<INatsJSConsumer> CreateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) =>
        PutConsumerAsync(stream, config, action: "create", cancellationToken);

    public ValueTask<INatsJSConsumer> UpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default) =>
        PutConsumerAsync(stream, config, action: "update", cancellationToken);

    public async ValueTask<INatsJSConsumer> GetConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default)
    {
        var info = await GetConsumerInfoAsync(stream, consumer, cancellationToken).ConfigureAwait(false);
        return new NatsJSConsumer(this, info);
    }

    public async IAsyncEnumerable<INatsJSConsumer> ListConsumersAsync(string stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        var offset = 0;
        ConsumerListResponse page;
        do
        {
            page = await CallAsync<ListRequest, ConsumerListResponse>($"CONSUMER.LIST.{stream}", new ListRequest { Offset = offset }, cancellationToken).ConfigureAwait(false);
            foreach (var info in page.Consumers ?? [])
                yield return new NatsJSConsumer(this, info);
            offset += page.Consumers?.Count ?? 0;
        }
        while (page.Consumers?.Count > 0 && offset < page.Total);
    }

    public async IAsyncEnumerable<string> ListConsumerNamesAsync(string stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        var offset = 0;
        ConsumerNamesResponse page;
        do
        {
            page = await CallAsync<ListRequest, ConsumerNamesResponse>($"CONSUMER.NAMES.{stream}", new ListRequest { Offset = offset }, cancellationToken).ConfigureAwait(false);
            foreach (var name in page.Consumers ?? [])
                yield return name;
            offset += page.Consumers?.Count ?? 0;
        }
        while (page.Consumers?.Count > 0 && offset < page.Total);
    }

    public async ValueTask<bool> DeleteConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        ThrowIfInvalidName(consumer, nameof(consumer));
        var response = await CallAsync<object, SuccessResponse>($"CONSUMER.DELETE.{stream}.{consumer}", null, cancellationToken).ConfigureAwait(false);
        return response.Success;
    }

    public ValueTask<ConsumerPauseResponse> PauseConsumerAsync(string stream, string consumer, DateTimeOffset pauseUntil, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        ThrowIfInvalidName(consumer, nameof(consumer));
        return CallAsync<ConsumerPauseRequest, ConsumerPauseResponse>($"CONSUMER.PAUSE.{stream}.{consumer}", new ConsumerPauseRequest { PauseUntil = pauseUntil }, cancellationToken);
    }

    public async ValueTask<bool> ResumeConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        ThrowIfInvalidName(consumer, nameof(consumer));
        var response = await CallAsync<ConsumerPauseRequest, ConsumerPauseResponse>($"CONSUMER.PAUSE.{stream}.{consumer}", new ConsumerPauseRequest(), cancellationToken).ConfigureAwait(false);
        return !response.IsPaused;
    }

    public async ValueTask UnpinConsumerAsync(string stream, string consumer, string group, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        ThrowIfInvalidName(consumer, nameof(consumer));
        await CallAsync<ConsumerUnpinRequest, SuccessResponse>($"CONSUMER.UNPIN.{stream}.{consumer}", new ConsumerUnpinRequest { Group = group }, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<ConsumerResetResponse> ResetConsumerAsync(string stream, string consumer, ulong seq = 0, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        ThrowIfInvalidName(consumer, nameof(consumer));
        return CallAsync<ConsumerResetRequest, ConsumerResetResponse>($"CONSUMER.RESET.{stream}.{consumer}", new ConsumerResetRequest { Seq = seq }, cancellationToken);
    }

    internal ValueTask<ConsumerInfo> GetConsumerInfoAsync(string stream, string consumer, CancellationToken cancellationToken)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        ThrowIfInvalidName(consumer, nameof(consumer));
        return CallAsync<object, ConsumerInfo>($"CONSUMER.INFO.{stream}.{consumer}", null, cancellationToken);
    }

    private async ValueTask<INatsJSConsumer> PutConsumerAsync(string stream, ConsumerConfig config, string? action, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        ThrowIfInvalidName(stream, nameof(stream));
        if (!string.IsNullOrEmpty(config.DeliverSubject))
            throw new NotSupportedException($"{nameof(ConsumerConfig)}.{nameof(ConsumerConfig.DeliverSubject)}: push consumers");

        var name = config.Name ?? config.DurableName;
        if (name is null)
            config = config with { Name = name = Nuid.Next() };
        ThrowIfInvalidName(name, nameof(config));

        // The filter in the subject lets permissions be given by filter.
        var call = string.IsNullOrEmpty(config.FilterSubject) ? $"CONSUMER.CREATE.{stream}.{name}" : $"CONSUMER.CREATE.{stream}.{name}.{config.FilterSubject}";
        var request = new ConsumerCreateRequest { StreamName = stream, Config = config, Action = action };
        var info = await CallAsync<ConsumerCreateRequest, ConsumerInfo>(call, request, cancellationToken).ConfigureAwait(false);
        return new NatsJSConsumer(this, info);
    }
}
