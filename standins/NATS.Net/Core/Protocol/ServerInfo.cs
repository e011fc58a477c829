using System.Text.Json;
using System.Text.Json.Serialization;

namespace NATS.Client.Core.Protocol;

internal sealed record ServerInfo : INatsServerInfo
{
    [JsonPropertyName("server_id")]
    public string Id { get; init; } = string.Empty;

    [JsonPropertyName("server_name")]
    public string Name { get; init; } = string.Empty;

    public string Version { get; init; } = string.Empty;

    [JsonPropertyName("proto")]
    public long ProtocolVersion { get; init; }

    public string GitCommit { get; init; } = string.Empty;

    [JsonPropertyName("go")]
    public string GoVersion { get; init; } = string.Empty;

    public string Host { get; init; } = string.Empty;

    public int Port { get; init; }

    [JsonPropertyName("headers")]
    public bool HeadersSupported { get; init; }

    public bool AuthRequired { get; init; }

    public bool TlsRequired { get; init; }

    public bool TlsVerify { get; init; }

    public bool TlsAvailable { get; init; }

    public int MaxPayload { get; init; }

    [JsonPropertyName("jetstream")]
    public bool JetStreamAvailable { get; init; }

    public ulong ClientId { get; init; }

    public string ClientIp { get; init; } = string.Empty;

    public string? Nonce { get; init; }

    public string? Cluster { get; init; }

    public bool ClusterDynamic { get; init; }

    [JsonPropertyName("connect_urls")]
    public string[]? ClientConnectUrls { get; init; }

    [JsonPropertyName("ws_connect_urls")]
    public string[]? WebSocketConnectUrls { get; init; }

    [JsonPropertyName("ldm")]
    public bool LameDuckMode { get; init; }

    /// <exception cref="NatsException">It is not JSON.</exception>
    public static ServerInfo Parse(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ProtocolJson.Default.ServerInfo) ?? throw new NatsException("The server sent an empty INFO");
        }
        catch (JsonException e)
        {
            throw new NatsException("The server sent an INFO that is not JSON", e);
        }
    }

    /// <summary>Whether the server is of this version or a later one; a version that cannot be read counts as later.</summary>
    public static bool IsAtLeast(INatsServerInfo? server, int major, int minor, int patch)
    {
        var version = server?.Version.Split('-')[0];
        return !System.Version.TryParse(version, out var parsed) || parsed >= new Version(major, minor, patch);
    }
}

/// <summary>The CONNECT command.</summary>
internal sealed record ConnectOpts
{
    public bool Verbose { get; init; }

    public bool Pedantic { get; init; }

    public bool TlsRequired { get; init; }

    public string? AuthToken { get; init; }

    public string? User { get; init; }

    public string? Pass { get; init; }

    public string? Name { get; init; }

    public string Lang { get; } = ".NET";

    public string Version { get; } = "2.8.2";

    public int Protocol { get; } = 1;

    public bool Echo { get; init; }

    public bool Headers { get; init; }

    public bool NoResponders { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(ConnectOpts))]
internal sealed partial class ProtocolJson : JsonSerializerContext;
