using NATS.Client.Core;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed class AuthTests
{
    private const string Secret = "p:a/s@s%w#rd";
    private const string UserConfig = $$"""authorization { user: "shop", password: "{{Secret}}" }""";
    private const string TokenConfig = $$"""authorization { token: "{{Secret}}" }""";

    private static NatsOpts Fast => NatsOpts.Default with { ReconnectWaitMin = TimeSpan.FromMilliseconds(20), ReconnectWaitMax = TimeSpan.FromMilliseconds(50) };

    [Fact]
    public async Task User_and_password_come_from_the_options()
    {
        await using var server = await NatsServerProcess.StartAsync(UserConfig);
        await using var connection = new NatsConnection(Fast with { Url = server.Url, AuthOpts = new NatsAuthOpts { Username = "shop", Password = Secret } });
        await connection.PingAsync();
    }

    [Fact]
    public async Task User_and_password_come_percent_encoded_from_the_url()
    {
        await using var server = await NatsServerProcess.StartAsync(UserConfig);
        await using var connection = new NatsConnection(Fast with { Url = $"nats://shop:{Uri.EscapeDataString(Secret)}@{server.Address}" });
        await connection.PingAsync();
    }

    [Fact]
    public async Task A_token_comes_from_the_options_or_the_url()
    {
        await using var server = await NatsServerProcess.StartAsync(TokenConfig);
        await using var first = new NatsConnection(Fast with { Url = server.Url, AuthOpts = new NatsAuthOpts { Token = Secret } });
        await first.PingAsync();
        await using var second = new NatsConnection(Fast with { Url = $"{Uri.EscapeDataString(Secret)}@{server.Address}" });
        await second.PingAsync();
    }

    [Fact]
    public async Task Credentials_of_the_callback_win_and_are_asked_for_at_each_connect()
    {
        await using var server = await NatsServerProcess.StartAsync(UserConfig);
        var asked = 0;
        await using var connection = new NatsConnection(Fast with
        {
            Url = $"nats://wrong:wrong@{server.Address}",
            AuthOpts = new NatsAuthOpts
            {
                AuthCredCallback = (_, _) =>
                {
                    asked++;
                    return new ValueTask<NatsAuthCred>(NatsAuthCred.FromUserInfo("shop", Secret));
                },
            },
        });
        await connection.PingAsync();
        await connection.ReconnectAsync();
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Wrong_credentials_are_refused()
    {
        await using var server = await NatsServerProcess.StartAsync(UserConfig);
        await using var connection = new NatsConnection(Fast with { Url = server.Url, AuthOpts = new NatsAuthOpts { Username = "shop", Password = "wrong" } });
        var e = await Assert.ThrowsAsync<NatsException>(async () => await connection.ConnectAsync());
        Assert.True(Assert.IsType<NatsServerException>(e.InnerException).IsAuthError);
    }

    [Fact]
    public async Task Two_equal_refusals_end_the_attempts()
    {
        await using var server = await NatsServerProcess.StartAsync(UserConfig);
        var password = Secret;
        await using var connection = new NatsConnection(Fast with { Url = server.Url, AuthOpts = WithPassword(() => password) });
        await connection.ConnectAsync();
        password = "changed";
        await server.RestartAsync();
        await Until.TrueAsync("it gave up", () => connection.ConnectionState == NatsConnectionState.Failed);
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await connection.PingAsync());
    }

    [Fact]
    public async Task Refusals_can_be_ignored_until_the_credentials_are_right_again()
    {
        await using var server = await NatsServerProcess.StartAsync(UserConfig);
        var password = Secret;
        await using var connection = new NatsConnection(Fast with { Url = server.Url, IgnoreAuthErrorAbort = true, AuthOpts = WithPassword(() => password) });
        var refused = 0;
        connection.ReconnectFailed += (_, _) =>
        {
            Interlocked.Increment(ref refused);
            return default;
        };
        await connection.ConnectAsync();
        password = "changed";
        await server.RestartAsync();
        await Until.TrueAsync("it was refused three times", () => Volatile.Read(ref refused) >= 3);
        password = Secret;
        await Until.TrueAsync("it reconnected", () => connection.ConnectionState == NatsConnectionState.Open);
    }

    [Fact]
    public async Task Publishing_where_it_is_not_allowed_raises_the_server_error_event()
    {
        await using var server = await NatsServerProcess.StartAsync("""authorization { users: [ { user: a, password: b, permissions: { publish: ["ok.>"] } } ] }""");
        await using var connection = new NatsConnection(Fast with { Url = server.Url, AuthOpts = new NatsAuthOpts { Username = "a", Password = "b" } });
        var error = new TaskCompletionSource<NatsServerErrorEventArgs>();
        connection.ServerError += (_, args) =>
        {
            error.TrySetResult(args);
            return default;
        };
        await connection.PublishAsync("forbidden", 1);
        var args = await Until.DoneAsync("the event was raised", error.Task);
        Assert.Equal(NatsServerErrorKind.PermissionsViolation, args.Kind);
        Assert.Contains("forbidden", args.Error, StringComparison.Ordinal);
        await connection.PingAsync();
    }

    [Theory]
    [InlineData(nameof(NatsAuthOpts.Jwt))]
    [InlineData(nameof(NatsAuthOpts.NKey))]
    [InlineData(nameof(NatsAuthOpts.Seed))]
    [InlineData(nameof(NatsAuthOpts.Creds))]
    [InlineData(nameof(NatsAuthOpts.CredsFile))]
    public async Task What_needs_ed25519_is_refused_by_name(string option)
    {
        await using var server = await NatsServerProcess.StartAsync(UserConfig);
        var auth = new NatsAuthOpts();
        typeof(NatsAuthOpts).GetProperty(option)!.SetValue(auth, "x");
        await using var connection = new NatsConnection(Fast with { Url = server.Url, AuthOpts = auth });
        var e = await Assert.ThrowsAsync<NotSupportedException>(async () => await connection.ConnectAsync());
        Assert.Contains(option, e.Message, StringComparison.Ordinal);
    }

    private static NatsAuthOpts WithPassword(Func<string> password) => new()
    {
        AuthCredCallback = (_, _) => new ValueTask<NatsAuthCred>(NatsAuthCred.FromUserInfo("shop", password())),
    };
}
