using OrderSystem.AppHost.Access;

namespace OrderSystem.Tests.Support;

/// <summary>The key that every service of a test trusts, and tokens that are signed with it.</summary>
internal static class Tokens
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(4);

    internal static TokenKey Key { get; } = TokenKey.Create();

    /// <summary>A token with all scopes.</summary>
    internal static string Everything { get; } = Of("tests");

    /// <summary>The token with which the order API calls the worker.</summary>
    private static string ForWorker { get; } = Of("order-api", "orders.ops");

    /// <summary>The token with which the worker asks the order API for payment methods.</summary>
    internal static string ForPaymentMethods { get; } = Of("payment-worker", "orders.payment-methods");

    /// <summary>The authentication settings of every service.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Settings { get; } =
        [.. Key.Settings(), new("Audit__WorkerToken", ForWorker), new("Payments__OrdersToken", ForPaymentMethods)];

    /// <summary>Signatures that must not appear in any output: without its signature a token is worthless.</summary>
    internal static IEnumerable<string> SignaturesShown =>
        new[] { Everything, ForWorker, ForPaymentMethods }.Select(token => token.Split('.')[2]);

    /// <summary>A token of this client, for this subject if there is one.</summary>
    internal static string Of(string client, string scopes = TokenKey.AllScopes, string? subject = null) =>
        Key.CreateToken(client, scopes, TimeProvider.System.GetUtcNow(), Lifetime, subject);

    /// <summary>An HTTP client that sends a token, by default one with all scopes.</summary>
    internal static HttpClient Http(Uri? address, string? token = null, HttpMessageHandler? handler = null) =>
        new(handler ?? new SocketsHttpHandler())
        {
            BaseAddress = address,
            DefaultRequestHeaders = { Authorization = new("Bearer", token ?? Everything) },
        };

    /// <summary>An HTTP client for requests to changing instances, without a base address.</summary>
    internal static HttpClient Http(TimeSpan timeout)
    {
        var http = Http(address: null, handler: new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromSeconds(5),
            ConnectTimeout = TimeSpan.FromSeconds(2),
        });
        http.Timeout = timeout;
        return http;
    }

    /// <summary>Makes an AppHost that keeps its data in this folder use the key.</summary>
    internal static void Share(DirectoryInfo data) => File.WriteAllText(Path.Combine(data.FullName, "token-key.pem"), Key.Export());
}
