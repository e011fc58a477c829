using System.Buffers;
using NATS.Client.Core;
using NATS.Client.JetStream.Models;

namespace NATS.Client.JetStream;

/// <inheritdoc cref="INatsJSContext"/>
public partial class NatsJSContext : INatsJSContext
{
    private static readonly SearchValues<char> NotInName = SearchValues.Create(" .*>/\\\t\r\n\0");

    public NatsJSContext(INatsConnection connection)
        : this(connection, new NatsJSOpts(connection?.Opts ?? throw new ArgumentNullException(nameof(connection))))
    {
    }

    public NatsJSContext(INatsConnection connection, NatsJSOpts opts)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(opts);
        Connection = connection;
        Opts = opts;
    }

    public INatsConnection Connection { get; }

    public NatsJSOpts Opts { get; }

    /// <exception cref="NotSupportedException">The connection is an implementation of its own.</exception>
    internal NatsConnection Core => Connection as NatsConnection ?? throw new NotSupportedException($"JetStream over {Connection.GetType()}");

    public string NewBaseInbox() => $"{Connection.Opts.InboxPrefix}.{Nuid.Next()}";

    public ValueTask<AccountInfoResponse> GetAccountInfoAsync(CancellationToken cancellationToken = default) =>
        CallAsync<object, AccountInfoResponse>("INFO", null, cancellationToken);

    public async ValueTask<TResponse> JSRequestResponseAsync<TRequest, TResponse>(string subject, TRequest? request, CancellationToken cancellationToken = default)
        where TRequest : class
        where TResponse : class
    {
        var result = await RequestAsync<TRequest, TResponse>(subject, request, cancellationToken).ConfigureAwait(false);
        if (result.Error is not null)
            throw new NatsJSApiException(result.Error);
        return result.Value ?? throw new NatsJSException("The API answered with nothing");
    }

    /// <summary>Calls the API, <paramref name="call"/> being what follows the prefix.</summary>
    internal ValueTask<TResponse> CallAsync<TRequest, TResponse>(string call, TRequest? request, CancellationToken cancellationToken)
        where TRequest : class
        where TResponse : class =>
        JSRequestResponseAsync<TRequest, TResponse>($"{Opts.Prefix}.{call}", request, cancellationToken);

    internal static void ThrowIfInvalidName(string? name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (name.AsSpan().ContainsAny(NotInName))
            throw new ArgumentException("A name cannot have white space, dots, wildcards or slashes", parameter);
    }

    private async ValueTask<ApiResult<TResponse>> RequestAsync<TRequest, TResponse>(string subject, TRequest? request, CancellationToken cancellationToken)
        where TRequest : class
        where TResponse : class
    {
        NatsMsg<ApiResult<TResponse>> msg;
        try
        {
            msg = await Core.AskAsync(
                subject,
                request,
                null,
                ApiRequestSerializer<TRequest>.Default,
                ApiResponseSerializer<TResponse>.Default,
                Opts.RequestTimeout,
                cancellationToken).ConfigureAwait(false);
        }
        catch (NatsNoReplyException)
        {
            throw new NatsJSApiNoResponseException(NatsSubEndReason.Timeout);
        }

        msg.EnsureSuccess();
        return msg.Data;
    }
}
