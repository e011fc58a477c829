using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.JetStream;

/// <summary>A message in its stream.</summary>
/// <param name="Sequence">Its stream sequence.</param>
/// <param name="Subject">Its subject.</param>
/// <param name="Time">When the stream stored it.</param>
/// <param name="Headers">Its headers, possibly empty.</param>
/// <param name="Data">Its body.</param>
public sealed record StreamMessage(ulong Sequence, string Subject, DateTimeOffset Time, NatsHeaders Headers, byte[] Data);

/// <summary>
/// Reads the messages of a stream by direct gets. Not with a consumer: a user who may create one can have the server deliver to any
/// subject, and so publish without the permission to.
/// </summary>
public static class StreamScan
{
    private const int NoMessageFound = 10037;
    private const int InFlight = 64;

    /// <summary>Reads from a sequence to the end of the stream at the time of the call, in order, with many gets in flight.</summary>
    /// <param name="jetStream">JetStream.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="from">First sequence to read.</param>
    /// <param name="cancellationToken">Cancels the scan.</param>
    public static async IAsyncEnumerable<StreamMessage> ScanAsync(
        this INatsJSContext jetStream, string stream, ulong from, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var state = (await jetStream.Connection.AskAsync(
            token => jetStream.GetStreamAsync(stream, cancellationToken: token), cancellationToken)).Info.State;
        var asked = new Queue<Task<StreamMessage?>>();
        for (var next = Math.Max(from, state.FirstSeq); next <= state.LastSeq || asked.Count > 0;)
        {
            while (next <= state.LastSeq && asked.Count < InFlight)
                asked.Enqueue(GetAsync(jetStream, stream, new(next++, Next: null), cancellationToken));
            if (await asked.Dequeue() is { } message)
                yield return message;
        }
    }

    /// <summary>Reads the messages of a subject one by one: for a few messages in a sparse stream.</summary>
    /// <param name="jetStream">JetStream.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="from">First sequence to read.</param>
    /// <param name="subject">Their subject, wildcards allowed.</param>
    /// <param name="cancellationToken">Cancels the scan.</param>
    public static async IAsyncEnumerable<StreamMessage> FindAsync(
        this INatsJSContext jetStream, string stream, ulong from, string subject,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var next = Math.Max(1, from);
            await GetAsync(jetStream, stream, new(next, subject), cancellationToken) is { } message;
            next = message.Sequence + 1)
            yield return message;
    }

    private static async Task<StreamMessage?> GetAsync(
        INatsJSContext jetStream, string stream, GetRequest request, CancellationToken cancellationToken)
    {
        var answer = await jetStream.Connection.AskAsync(
            token => jetStream.Connection.RequestAsync(
                $"$JS.API.STREAM.MSG.GET.{stream}", JsonSerializer.SerializeToUtf8Bytes(request, GetJson.Default.GetRequest),
                requestSerializer: NatsRawSerializer<byte[]>.Default,
                replySerializer: NatsRawSerializer<byte[]>.Default, cancellationToken: token),
            cancellationToken);
        answer.EnsureSuccess();
        var response = JsonSerializer.Deserialize(answer.Data, GetJson.Default.GetResponse)!;
        if (response.Error is { } error)
            return error.ErrCode == NoMessageFound
                ? null
                : throw new NatsJSApiException(
                    new ApiError { Code = error.Code, ErrCode = error.ErrCode, Description = error.Description });
        var headers = new NatsHeaders();
        if (response.Message!.Hdrs is { } block)
            jetStream.Connection.HeaderParser.ParseHeaders(new SequenceReader<byte>(new ReadOnlySequence<byte>(block)), headers);
        return new(
            response.Message.Seq, response.Message.Subject,
            DateTimeOffset.Parse(response.Message.Time, CultureInfo.InvariantCulture), headers, response.Message.Data ?? []);
    }

    internal sealed record GetRequest(ulong Seq, [property: JsonPropertyName("next_by_subj")] string? Next);

    internal sealed record GetResponse(Stored? Message, Refusal? Error);

    internal sealed record Stored(string Subject, ulong Seq, byte[]? Hdrs, byte[]? Data, string Time);

    internal sealed record Refusal(int Code, [property: JsonPropertyName("err_code")] int ErrCode, string Description);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StreamScan.GetRequest))]
[JsonSerializable(typeof(StreamScan.GetResponse))]
internal sealed partial class GetJson : JsonSerializerContext;
