using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using OrderSystem.Tests.Support;
using Polly;
using Polly.RateLimiting;
using Polly.Timeout;
using Xunit;

namespace OrderSystem.Tests.StandIns.Resilience;

/// <summary>AddStandardResilienceHandler against a real server.</summary>
public sealed class StandardResilienceHandlerTests : IAsyncLifetime
{
    private FlakyServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await FlakyServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public void The_defaults_are_the_documented_ones()
    {
        var options = new HttpStandardResilienceOptions();

        Assert.Equal((1000, 0), (options.RateLimiter.DefaultRateLimiterOptions.PermitLimit, options.RateLimiter.DefaultRateLimiterOptions.QueueLimit));
        Assert.Equal(TimeSpan.FromSeconds(30), options.TotalRequestTimeout.Timeout);
        Assert.Equal((3, TimeSpan.FromSeconds(2)), (options.Retry.MaxRetryAttempts, options.Retry.Delay));
        Assert.Equal((DelayBackoffType.Exponential, true, true), (options.Retry.BackoffType, options.Retry.UseJitter, options.Retry.ShouldRetryAfterHeader));
        Assert.Equal((0.1, 100), (options.CircuitBreaker.FailureRatio, options.CircuitBreaker.MinimumThroughput));
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5)), (options.CircuitBreaker.SamplingDuration, options.CircuitBreaker.BreakDuration));
        Assert.Equal(TimeSpan.FromSeconds(10), options.AttemptTimeout.Timeout);
    }

    [Fact]
    public async Task Four_attempts_are_made_and_the_clients_own_timeout_is_off()
    {
        _server.AnswerInTurn(HttpStatusCode.InternalServerError);
        using var client = Client(http => http.AddStandardResilienceHandler(options => options.Retry.Delay = TimeSpan.FromMilliseconds(1)));

        using var response = await client.PostAsync("/", new StringContent("posted"));

        Assert.Equal(4, _server.Attempts);
        Assert.Equal(Timeout.InfiniteTimeSpan, client.Timeout);
    }

    [Fact]
    public async Task Unsafe_methods_are_left_alone_when_told_so()
    {
#pragma warning disable EXTEXP0001
        _server.AnswerInTurn(HttpStatusCode.InternalServerError);
        using var client = Client(http => http.AddStandardResilienceHandler(options =>
        {
            options.Retry.Delay = TimeSpan.FromMilliseconds(1);
            options.Retry.DisableForUnsafeHttpMethods();
        }));
#pragma warning restore EXTEXP0001

        (await client.PostAsync("/", new StringContent("posted"))).Dispose();
        Assert.Equal(1, _server.Attempts);
        (await client.GetAsync("/")).Dispose();
        Assert.Equal(5, _server.Attempts);
    }

    [Fact]
    public async Task The_attempt_timeout_is_retried_and_the_total_timeout_ends_it()
    {
        _server.Hang();
        using var client = Client(http => http.AddStandardResilienceHandler(options =>
        {
            options.AttemptTimeout.Timeout = TimeSpan.FromMilliseconds(150);
            options.TotalRequestTimeout.Timeout = TimeSpan.FromMilliseconds(500);
            options.Retry.Delay = TimeSpan.FromMilliseconds(1);
            options.Retry.UseJitter = false;
            options.Retry.MaxRetryAttempts = 50;
            options.Retry.BackoffType = DelayBackoffType.Constant;
        }));

        var timeout = await Assert.ThrowsAsync<TimeoutRejectedException>(() => client.GetAsync("/"));

        Assert.Equal(TimeSpan.FromMilliseconds(500), timeout.Timeout);
        Assert.InRange(_server.Attempts, 2, 4);
    }

    [Fact]
    public async Task Calls_over_the_limit_are_rejected_without_asking_the_server()
    {
        _server.Hang();
        using var client = Client(http => http.AddStandardResilienceHandler(options => options.RateLimiter.DefaultRateLimiterOptions.PermitLimit = 1));
        using var cancelled = new CancellationTokenSource();

        var first = client.GetAsync("/", cancelled.Token);
        await Eventually.BeTrueAsync("the first call is under way", () => Task.FromResult(_server.Attempts == 1));
        await Assert.ThrowsAsync<RateLimiterRejectedException>(() => client.GetAsync("/"));

        Assert.Equal(1, _server.Attempts);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task Options_come_from_a_section()
    {
        _server.AnswerInTurn(HttpStatusCode.InternalServerError);
        using var client = Client(http => http.AddStandardResilienceHandler(Section(("MaxRetryAttempts", "1"), ("Delay", "00:00:00.001"))));

        (await client.GetAsync("/")).Dispose();

        Assert.Equal(2, _server.Attempts);
    }

    [Fact]
    public async Task An_unknown_key_in_the_section_is_an_error()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            using var client = Client(http => http.AddStandardResilienceHandler(Section(("MaxRetries", "1"))));
            await client.GetAsync("/");
        });

        Assert.Contains("MaxRetries", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_contradict_each_other_are_refused_on_first_use()
    {
        async Task<string> RefusedAsync(Action<HttpStandardResilienceOptions> configure)
        {
            var failure = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
            {
                using var client = Client(http => http.AddStandardResilienceHandler(configure));
                await client.GetAsync("/");
            });
            return failure.Message;
        }

        Assert.Contains("sampling duration", await RefusedAsync(options => options.CircuitBreaker.SamplingDuration = TimeSpan.FromSeconds(19)), StringComparison.Ordinal);
        Assert.Contains("total timeout", await RefusedAsync(options => options.TotalRequestTimeout.Timeout = TimeSpan.FromSeconds(9)), StringComparison.Ordinal);
        Assert.Contains("MaxRetryAttempts", await RefusedAsync(options => options.Retry.MaxRetryAttempts = 0), StringComparison.Ordinal);
        Assert.Contains("Retry", await RefusedAsync(options => options.Retry = null!), StringComparison.Ordinal);
        Assert.Equal(0, _server.Attempts);
    }

    [Fact]
    public async Task Handlers_of_the_defaults_can_be_removed_for_one_client()
    {
        _server.AnswerInTurn(HttpStatusCode.InternalServerError);
        var services = new ServiceCollection();
        services.ConfigureHttpClientDefaults(http => http.AddStandardResilienceHandler(options => options.Retry.Delay = TimeSpan.FromMilliseconds(1)));
#pragma warning disable EXTEXP0001
        services.AddHttpClient("bare").RemoveAllResilienceHandlers();
#pragma warning restore EXTEXP0001
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<IHttpClientFactory>();

        (await factory.CreateClient("bare").GetAsync(_server.Address)).Dispose();
        Assert.Equal(1, _server.Attempts);
        (await factory.CreateClient("other").GetAsync(_server.Address)).Dispose();
        Assert.Equal(5, _server.Attempts);
    }

    [Fact]
    public void The_pipeline_is_named_after_the_client()
    {
        var services = new ServiceCollection();

        Assert.Equal("flaky-standard", services.AddHttpClient("flaky").AddStandardResilienceHandler().PipelineName);
        Assert.Equal("flaky-mine", services.AddHttpClient("flaky").AddResilienceHandler("mine", _ => { }).PipelineName);
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] retry)
    {
        var configuration = new ConfigurationManager();
        foreach (var (key, value) in retry) configuration["Resilience:Retry:" + key] = value;
        return configuration.GetSection("Resilience");
    }

    private HttpClient Client(Action<IHttpClientBuilder> add)
    {
        var services = new ServiceCollection();
        add(services.AddHttpClient("flaky"));
        var client = services.BuildServiceProvider().GetRequiredService<IHttpClientFactory>().CreateClient("flaky");
        client.BaseAddress = _server.Address;
        return client;
    }
}
