using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Dashboard.Grpc;

/// <summary>One call: reads what the caller sends and answers it.</summary>
internal sealed class GrpcCall(HttpContext http, CancellationToken cancellationToken)
{
    /// <summary>Ends with the caller's patience, with the deadline of the call or with the server.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>The only message of a call that has one.</summary>
    public async Task<T> ReadSingleAsync<T>(MessageParser<T> parser) where T : class, IMessage<T>
    {
        var message = await ReadAsync(parser) ?? throw new GrpcException(GrpcStatus.Internal, "The request has no message.");
        return await ReadAsync(parser) is null ? message : throw new GrpcException(GrpcStatus.Internal, "The request has more than one message.");
    }

    /// <summary>The next message; null when the caller has said that there are no more.</summary>
    public Task<T?> ReadAsync<T>(MessageParser<T> parser) where T : class, IMessage<T> => GrpcFrames.ReadAsync(http.Request.BodyReader, parser, CancellationToken);

    public Task WriteAsync(IMessage message) => GrpcFrames.WriteAsync(http.Response.BodyWriter, message, CancellationToken);

    /// <summary>Tells the caller that the call was taken on before there is anything to answer.</summary>
    public Task AcceptAsync() => http.Response.BodyWriter.FlushAsync(CancellationToken).AsTask();
}
