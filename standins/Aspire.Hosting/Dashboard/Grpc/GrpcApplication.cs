using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Dashboard.Grpc;

/// <summary>Answers calls of one service by their paths, from callers that know its key.</summary>
internal sealed partial class GrpcApplication(
    string keyHeader, string key, IReadOnlyDictionary<string, Func<GrpcCall, Task>> methods, ILogger logger, CancellationToken stopping) : IHttpApplication<HttpContext>
{
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!GrpcProtocol.IsCall(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        context.Response.ContentType = GrpcProtocol.ContentType;
        context.Response.Headers["grpc-accept-encoding"] = "identity";
        var (status, message) = await RunAsync(context);
        if (!context.RequestAborted.IsCancellationRequested)
            GrpcProtocol.End(context.Response, status, message);
    }

    private async Task<(GrpcStatus Status, string? Message)> RunAsync(HttpContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        using var deadline = new CancellationTokenSource();
        await using var expiry = deadline.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), ending);
        try
        {
            if (!IsKnown(context.Request))
                return (GrpcStatus.Unauthenticated, $"The header {keyHeader} does not have the key of this AppHost.");
            if (!methods.TryGetValue(context.Request.Path.Value ?? "", out var method))
                return (GrpcStatus.Unimplemented, $"{context.Request.Path} is not served here.");
            if (GrpcProtocol.Timeout(context.Request) is { } timeout)
                deadline.CancelAfter(timeout);
            await method(new GrpcCall(context, ending.Token));
            return (GrpcStatus.Ok, null);
        }
        catch (GrpcException failure)
        {
            return (failure.Status, failure.Message);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return deadline.IsCancellationRequested ? (GrpcStatus.DeadlineExceeded, "The deadline of the call is over.") : (GrpcStatus.Unavailable, "The AppHost stops.");
        }
        catch (IOException failure)
        {
            // The caller has gone in the middle of what it sent.
            return (GrpcStatus.Unavailable, failure.Message);
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, context.Request.Path);
            return (GrpcStatus.Unknown, failure.Message);
        }
    }

    private bool IsKnown(HttpRequest request) =>
        request.Headers[keyHeader] is [{ } given] && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), _key);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A call of {Path} failed.")]
        public static partial void Failed(ILogger logger, Exception failure, PathString path);
    }
}
