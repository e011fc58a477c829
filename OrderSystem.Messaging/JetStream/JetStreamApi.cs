using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.JetStream;

/// <summary>
/// The JetStream API as JSON. The client's models lack fields of newer servers, and an update made from them would reset these.
/// </summary>
internal static class JetStreamApi
{
    private const int NotFound = 404;

    /// <summary>Configuration and state of a stream or consumer, or null when it does not exist.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="call">Such as <c>STREAM.INFO.ORDERS</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="NatsException">The server did not answer, or refused.</exception>
    internal static async Task<JsonObject?> FindInfoAsync(
        this INatsConnection connection, string call, CancellationToken cancellationToken)
    {
        var answer = await connection.AskAsync(token => CallAsync(connection, Subject(call), [], token), cancellationToken);
        if (Error(answer) is not { } error)
            return answer;
        return error.Code == NotFound ? null : throw new NatsJSApiException(error);
    }

    /// <summary>Creates or updates a stream or consumer.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="call">Such as <c>STREAM.CREATE.ORDERS</c>.</param>
    /// <param name="request">The body.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="NatsException">The server did not answer, or refused.</exception>
    internal static async Task ApplyAsync(
        this INatsConnection connection, string call, JsonObject request, CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetBytes(request.ToJsonString());
        var answer = await connection.AskAsync(
            Subject(call), token => CallAsync(connection, Subject(call), body, token), cancellationToken);
        if (Error(answer) is { } error)
            throw new NatsJSApiException(error);
    }

    /// <summary>When the stream stored the message with this sequence, or null when it has none.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="sequence">Sequence of the message.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="NatsException">The server did not answer, or refused.</exception>
    internal static async Task<DateTimeOffset?> FindTimeAsync(
        this INatsConnection connection, string stream, long sequence, CancellationToken cancellationToken)
    {
        var subject = Subject($"STREAM.MSG.GET.{stream}");
        var body = Encoding.UTF8.GetBytes($$"""{"seq":{{sequence}}}""");
        var answer = await connection.AskAsync(subject, token => CallAsync(connection, subject, body, token), cancellationToken);
        if (Error(answer) is { } error)
            return error.Code == NotFound ? null : throw new NatsJSApiException(error);
        return DateTimeOffset.Parse((string)answer["message"]!["time"]!, CultureInfo.InvariantCulture);
    }

    private static string Subject(string call) => $"$JS.API.{call}";

    private static async ValueTask<JsonObject> CallAsync(
        INatsConnection connection, string subject, byte[] body, CancellationToken cancellationToken)
    {
        var answer = await connection.RequestAsync(
            subject, body, requestSerializer: NatsRawSerializer<byte[]>.Default,
            replySerializer: NatsRawSerializer<byte[]>.Default, cancellationToken: cancellationToken);
        answer.EnsureSuccess();
        return JsonNode.Parse(answer.Data)!.AsObject();
    }

    private static ApiError? Error(JsonObject answer) => answer["error"] is not { } error ? null : new()
    {
        Code = (int)error["code"]!,
        ErrCode = (int?)error["err_code"] ?? 0,
        Description = (string?)error["description"] ?? "",
    };
}
