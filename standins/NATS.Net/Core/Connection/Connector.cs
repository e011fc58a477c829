using System.IO.Pipelines;
using System.Text.Json;
using NATS.Client.Core.Protocol;

namespace NATS.Client.Core;

/// <summary>Opens a socket and goes through the handshake: INFO, TLS, CONNECT and PING, PONG.</summary>
internal sealed class Connector(NatsConnection connection, int inboxSid)
{
    private readonly NatsOpts _opts = connection.Opts;

    /// <exception cref="NatsServerException">The server refused, for example the credentials.</exception>
    /// <exception cref="NatsException">It did not answer in time, or not as a NATS server does.</exception>
    public async Task<Session> ConnectAsync(ServerUrl server, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_opts.ConnectTimeout);
        INatsSocketConnection? socket = null;
        try
        {
            socket = await OpenAsync(server, timeout.Token).ConfigureAwait(false);
            var mode = _opts.TlsOpts.EffectiveMode(server.IsTls);
            if (mode == TlsMode.Implicit)
                socket = await TlsUpgrade.UpgradeAsync(socket, _opts.TlsOpts, server.Host, timeout.Token).ConfigureAwait(false);

            var reader = CreateReader(socket);
            var info = await ReadInfoAsync(reader, timeout.Token).ConfigureAwait(false);
            if (mode != TlsMode.Implicit && TlsUpgrade.IsWanted(mode, info))
            {
                socket = await TlsUpgrade.UpgradeAsync(socket, _opts.TlsOpts, server.Host, timeout.Token).ConfigureAwait(false);
                reader = CreateReader(socket);
            }

            await SendConnectAsync(socket, server, timeout.Token).ConfigureAwait(false);
            info = await ReadPongAsync(reader, info, timeout.Token).ConfigureAwait(false);
            return new Session(socket, reader, info, server);
        }
        catch (Exception e)
        {
            if (socket is not null)
                await socket.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw new NatsException($"Connecting to {server} took longer than {_opts.ConnectTimeout}", e);
            throw;
        }
    }

    private async Task<INatsSocketConnection> OpenAsync(ServerUrl server, CancellationToken cancellationToken)
    {
        var (host, port) = (server.Host, server.Port);
        if (connection.OnConnectingAsync is { } onConnecting)
            (host, port) = await onConnecting((host, port)).ConfigureAwait(false);

        var socket = _opts.SocketConnectionFactory is { } factory
            ? await factory.ConnectAsync(new UriBuilder(server.Uri.Scheme, host, port).Uri, _opts, cancellationToken).ConfigureAwait(false)
            : await StreamConnection.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        return connection.OnSocketAvailableAsync is { } onAvailable ? await onAvailable(socket).ConfigureAwait(false) : socket;
    }

    private FrameReader CreateReader(INatsSocketConnection socket)
    {
        var options = new StreamPipeReaderOptions(bufferSize: _opts.ReaderBufferSize, minimumReadSize: Math.Min(4096, _opts.ReaderBufferSize), leaveOpen: true);
        var pipe = PipeReader.Create(SocketConnectionStream.Of(socket), options);
        return new FrameReader(pipe, new FrameParser(_opts.SubjectEncoding, _opts.MaxPayloadHardCap, inboxSid));
    }

    private static async Task<ServerInfo> ReadInfoAsync(FrameReader reader, CancellationToken cancellationToken)
    {
        var frame = await reader.ReadOneAsync(cancellationToken).ConfigureAwait(false);
        return frame.Kind switch
        {
            FrameKind.Info => ServerInfo.Parse(frame.Json!),
            FrameKind.Err => throw new NatsServerException(frame.Text!),
            _ => throw new NatsException("The server did not begin with INFO"),
        };
    }

    private static async Task<ServerInfo> ReadPongAsync(FrameReader reader, ServerInfo info, CancellationToken cancellationToken)
    {
        while (true)
        {
            var frame = await reader.ReadOneAsync(cancellationToken).ConfigureAwait(false);
            switch (frame.Kind)
            {
                case FrameKind.Pong:
                    return info;
                case FrameKind.Err:
                    throw new NatsServerException(frame.Text!);
                case FrameKind.Info:
                    info = ServerInfo.Parse(frame.Json!);
                    break;
            }
        }
    }

    private async Task SendConnectAsync(INatsSocketConnection socket, ServerUrl server, CancellationToken cancellationToken)
    {
        var (user, password, token) = await GetCredentialsAsync(server, cancellationToken).ConfigureAwait(false);
        var connect = new ConnectOpts
        {
            Verbose = _opts.Verbose,
            TlsRequired = socket is StreamConnection { Stream: System.Net.Security.SslStream },
            User = user,
            Pass = password,
            AuthToken = token,
            Name = _opts.Name,
            Echo = _opts.Echo,
            Headers = _opts.Headers,
            NoResponders = _opts.Headers,
        };
        var command = new ByteBuffer(512);
        command.Write("CONNECT "u8);
        command.Write(JsonSerializer.SerializeToUtf8Bytes(connect, ProtocolJson.Default.ConnectOpts));
        command.Write("\r\nPING\r\n"u8);
        var rest = command.WrittenMemory;
        while (rest.Length > 0)
            rest = rest[await socket.SendAsync(rest).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false)..];
    }

    private async Task<(string? User, string? Password, string? Token)> GetCredentialsAsync(ServerUrl server, CancellationToken cancellationToken)
    {
        var auth = _opts.AuthOpts;
        if (auth.AuthCredCallback is { } callback)
        {
            var cred = await callback(server.Uri, cancellationToken).ConfigureAwait(false);
            return cred.Unsupported is { } member
                ? throw new NotSupportedException($"{nameof(NatsAuthCred)}.{member}: this platform has no Ed25519")
                : (cred.Username, cred.Password, cred.Token);
        }

        if (auth.NKeyBased is { } option)
            throw new NotSupportedException($"{nameof(NatsAuthOpts)}.{option}: this platform has no Ed25519");
        return auth.IsAnonymous ? (server.Username, server.Password, server.Token) : (auth.Username, auth.Password, auth.Token);
    }
}
