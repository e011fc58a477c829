using System.Runtime.CompilerServices;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

public partial class NatsJSContext
{
    public async ValueTask<INatsJSStream> CreateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ThrowIfInvalidName(config.Name, nameof(config));
        var info = await CallAsync<StreamConfig, StreamInfo>($"STREAM.CREATE.{config.Name}", config, cancellationToken).ConfigureAwait(false);
        return new NatsJSStream(this, info);
    }

    public async ValueTask<INatsJSStream> CreateOrUpdateStreamAsync(StreamConfig config, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        try
        {
            return await UpdateStreamAsync(config, cancellationToken).ConfigureAwait(false);
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == 10059)
        {
            return await CreateStreamAsync(config, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<NatsJSStream> UpdateStreamAsync(StreamConfig request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ThrowIfInvalidName(request.Name, nameof(request));
        var info = await CallAsync<StreamConfig, StreamInfo>($"STREAM.UPDATE.{request.Name}", request, cancellationToken).ConfigureAwait(false);
        return new NatsJSStream(this, info);
    }

    public async ValueTask<INatsJSStream> GetStreamAsync(string stream, StreamInfoRequest? request = null, CancellationToken cancellationToken = default)
    {
        var info = await GetStreamInfoAsync(stream, request, cancellationToken).ConfigureAwait(false);
        return new NatsJSStream(this, info);
    }

    public async ValueTask<bool> DeleteStreamAsync(string stream, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        var response = await CallAsync<object, SuccessResponse>($"STREAM.DELETE.{stream}", null, cancellationToken).ConfigureAwait(false);
        return response.Success;
    }

    public ValueTask<StreamPurgeResponse> PurgeStreamAsync(string stream, StreamPurgeRequest request, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        return CallAsync<StreamPurgeRequest, StreamPurgeResponse>($"STREAM.PURGE.{stream}", request, cancellationToken);
    }

    public ValueTask<StreamMsgDeleteResponse> DeleteMessageAsync(string stream, StreamMsgDeleteRequest request, CancellationToken cancellationToken = default)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        return CallAsync<StreamMsgDeleteRequest, StreamMsgDeleteResponse>($"STREAM.MSG.DELETE.{stream}", request, cancellationToken);
    }

    public async IAsyncEnumerable<INatsJSStream> ListStreamsAsync(string? subject = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var offset = 0;
        StreamListResponse page;
        do
        {
            page = await CallAsync<ListRequest, StreamListResponse>("STREAM.LIST", new ListRequest { Offset = offset, Subject = subject }, cancellationToken).ConfigureAwait(false);
            foreach (var info in page.Streams ?? [])
                yield return new NatsJSStream(this, info);
            offset += page.Streams?.Count ?? 0;
        }
        while (page.Streams?.Count > 0 && offset < page.Total);
    }

    public async IAsyncEnumerable<string> ListStreamNamesAsync(string? subject = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var offset = 0;
        StreamNamesResponse page;
        do
        {
            page = await CallAsync<ListRequest, StreamNamesResponse>("STREAM.NAMES", new ListRequest { Offset = offset, Subject = subject }, cancellationToken).ConfigureAwait(false);
            foreach (var name in page.Streams ?? [])
                yield return name;
            offset += page.Streams?.Count ?? 0;
        }
        while (page.Streams?.Count > 0 && offset < page.Total);
    }

    internal ValueTask<StreamInfo> GetStreamInfoAsync(string stream, StreamInfoRequest? request, CancellationToken cancellationToken)
    {
        ThrowIfInvalidName(stream, nameof(stream));
        return CallAsync<StreamInfoRequest, StreamInfo>($"STREAM.INFO.{stream}", request, cancellationToken);
    }
}
