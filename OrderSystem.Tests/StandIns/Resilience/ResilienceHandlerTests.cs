using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.StandIns.Resilience;

/// <summary>AddResilienceHandler against a real server; what counts is how often it was asked.</summary>
public sealed class ResilienceHandlerTests : IAsyncLifetime
{
    private FlakyServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await FlakyServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_retry_sends_the_same_body_again_until_it_succeeds()
    {
        _server.AnswerInTurn(HttpStatusCode.ServiceUnavailable, HttpStatusCode.InternalServerError, HttpStatusCode.OK);
        using var client = Client((pipeline, _) => pipeline.AddRetry(Retry(3)));

        using var response = await client.PostAsync("/", new StringContent("the same"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["the same", "the same", "the same"], _server.Bodies);
    }

    [Fact]
    public async Task When_all_attempts_fail_the_last_answer_comes_back()
    {
        _server.AnswerInTurn(HttpStatusCode.ServiceUnavailable, HttpStatusCode.BadGateway);
        using var client = Client((pipeline, _) => pipeline.AddRetry(Retry(2)));

        using var response = await client.GetAsync("/");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(3, _server.Attempts);
    }

    [Theory]
    [InlineData(HttpStatusCode.RequestTimeout, 2)]
    [InlineData(HttpStatusCode.TooManyRequests, 2)]
    [InlineData(HttpStatusCode.InternalServerError, 2)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 2)]
    [InlineData(HttpStatusCode.BadRequest, 1)]
    [InlineData(HttpStatusCode.Conflict, 1)]
    [InlineData(HttpStatusCode.UnprocessableEntity, 1)]
    [InlineData(HttpStatusCode.NotFound, 1)]
    public async Task Only_transient_answers_are_tried_again(HttpStatusCode status, int attempts)
    {
        _server.AnswerInTurn(status);
        using var client = Client((pipeline, _) => pipeline.AddRetry(Retry(1)));

        using var response = await client.GetAsync("/");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(attempts, _server.Attempts);
    }

    [Fact]
    public async Task A_cut_connection_is_tried_again()
    {
        _server.Answer = (http, attempt) =>
        {
            if (attempt == 1) http.Abort();
            return Task.CompletedTask;
        };
        using var client = Client((pipeline, _) => pipeline.AddRetry(Retry(1)));

        using var response = await client.PostAsync("/", new StringContent("x"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, _server.Attempts);
    }

    [Fact]
    public async Task Retry_After_sets_the_delay_unless_switched_off()
    {
        var waits = new List<TimeSpan>();
        HttpRetryStrategyOptions Options(bool honour) => new()
        {
            MaxRetryAttempts = 1,
            Delay = TimeSpan.FromMilliseconds(1),
            UseJitter = false,
            ShouldRetryAfterHeader = honour,
            OnRetry = args =>
            {
                waits.Add(args.RetryDelay);
                return default;
            },
        };
        _server.Answer = (http, _) =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };

        using (var honouring = Client((pipeline, _) => pipeline.AddRetry(Options(honour: true)))) (await honouring.GetAsync("/")).Dispose();
        using (var ignoring = Client((pipeline, _) => pipeline.AddRetry(Options(honour: false)))) (await ignoring.GetAsync("/")).Dispose();

        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(1)], waits);
        Assert.Null(new HttpRetryStrategyOptions { ShouldRetryAfterHeader = false }.DelayGenerator);
    }

    [Fact]
    public async Task A_timeout_ends_a_hanging_call()
    {
        _server.Hang();
        using var client = Client((pipeline, _) => pipeline.AddTimeout(new HttpTimeoutStrategyOptions { Timeout = TimeSpan.FromMilliseconds(200) }));

        await Assert.ThrowsAsync<TimeoutRejectedException>(() => client.GetAsync("/"));
        Assert.Equal(1, _server.Attempts);
    }

    [Fact]
    public async Task The_caller_can_cancel()
    {
        _server.Hang();
        using var cancelled = new CancellationTokenSource();
        using var client = Client((pipeline, _) => pipeline.AddRetry(Retry(3)));

        var call = client.GetAsync("/", cancelled.Token);
        await Eventually.BeTrueAsync("the server was asked", () => Task.FromResult(_server.Attempts == 1));
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(1, _server.Attempts);
    }

    [Fact]
    public async Task An_open_circuit_is_shared_by_all_handlers_of_the_client_and_asks_the_server_no_more()
    {
        _server.AnswerInTurn(HttpStatusCode.InternalServerError);
        using var services = Services(http => http.AddResilienceHandler("breaker", pipeline => pipeline.AddCircuitBreaker(Breaker())));
        var factory = services.GetRequiredService<IHttpClientFactory>();

        for (var i = 0; i < 2; i++)
        {
            using var client = factory.CreateClient("flaky");
            (await client.GetAsync(_server.Address)).Dispose();
        }

        using var blocked = factory.CreateClient("flaky");
        await Assert.ThrowsAsync<BrokenCircuitException>(() => blocked.GetAsync(_server.Address));
        Assert.Equal(2, _server.Attempts);
    }

    [Fact]
    public async Task Each_authority_has_a_circuit_of_its_own_when_selected_so()
    {
        await using var healthy = await FlakyServer.StartAsync();
        _server.AnswerInTurn(HttpStatusCode.InternalServerError);
        using var services = Services(http =>
            http.AddResilienceHandler("breaker", pipeline => pipeline.AddCircuitBreaker(Breaker())).SelectPipelineByAuthority());
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("flaky");

        for (var i = 0; i < 2; i++) (await client.GetAsync(_server.Address)).Dispose();

        await Assert.ThrowsAsync<BrokenCircuitException>(() => client.GetAsync(_server.Address));
        using var response = await client.GetAsync(healthy.Address);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_pipeline_reads_services_and_options_and_is_built_anew_when_they_change()
    {
        var configuration = new ConfigurationManager { ["Retry:MaxRetryAttempts"] = "1" };
        var disposed = 0;
        var names = new List<(string, string)>();
        _server.AnswerInTurn(HttpStatusCode.InternalServerError);
        using var services = Services(
            http => http.AddResilienceHandler("reloading", (pipeline, context) =>
            {
                context.EnableReloads<HttpRetryStrategyOptions>("retry");
                context.OnPipelineDisposed(() => disposed++);
                names.Add((context.BuilderName, context.InstanceName));
                Assert.NotNull(context.ServiceProvider.GetService<IHttpClientFactory>());
                pipeline.AddRetry(context.GetOptions<HttpRetryStrategyOptions>("retry"));
            }),
            collection => collection.Configure<HttpRetryStrategyOptions>("retry", configuration.GetSection("Retry"))
                .PostConfigure<HttpRetryStrategyOptions>("retry", options => options.Delay = TimeSpan.Zero));
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("flaky");

        (await client.GetAsync(_server.Address)).Dispose();
        Assert.Equal(2, _server.Attempts);

        configuration["Retry:MaxRetryAttempts"] = "3";
        ((IConfigurationRoot)configuration).Reload();
        (await client.GetAsync(_server.Address)).Dispose();

        Assert.Equal(6, _server.Attempts);
        Assert.Equal(1, disposed);
        Assert.Equal([("flaky-reloading", ""), ("flaky-reloading", "")], names);
    }

    [Fact]
    public async Task A_server_that_nobody_listens_on_counts_as_transient()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var retries = 0;
        using var client = Client((pipeline, _) => pipeline.AddRetry(new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = 2,
            Delay = TimeSpan.Zero,
            OnRetry = _ =>
            {
                retries++;
                return default;
            },
        }));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://{socket.LocalEndPoint}"));
        Assert.Equal(2, retries);
    }

    [Fact]
    public async Task A_handler_without_a_factory_takes_a_pipeline_and_hands_the_context_through()
    {
        _server.AnswerInTurn(HttpStatusCode.InternalServerError, HttpStatusCode.OK);
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage>().AddRetry(Retry(1)).Build();
        using var client = new HttpMessageInvoker(new ResilienceHandler(pipeline) { InnerHandler = new SocketsHttpHandler() });
        using var request = new HttpRequestMessage(HttpMethod.Get, _server.Address);
        var context = ResilienceContextPool.Shared.Get("operation");
        request.SetResilienceContext(context);

        using var response = await client.SendAsync(request, CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Same(context, request.GetResilienceContext());
        ResilienceContextPool.Shared.Return(context);
    }

    private static HttpRetryStrategyOptions Retry(int attempts) => new() { MaxRetryAttempts = attempts, Delay = TimeSpan.FromMilliseconds(1) };

    private static HttpCircuitBreakerStrategyOptions Breaker() =>
        new() { FailureRatio = 0.5, MinimumThroughput = 2, SamplingDuration = TimeSpan.FromSeconds(30), BreakDuration = TimeSpan.FromSeconds(30) };

    private static ServiceProvider Services(Action<IHttpClientBuilder> add, Action<IServiceCollection>? more = null)
    {
        var services = new ServiceCollection();
        add(services.AddHttpClient("flaky"));
        more?.Invoke(services);
        return services.BuildServiceProvider();
    }

    private HttpClient Client(Action<ResiliencePipelineBuilder<HttpResponseMessage>, ResilienceHandlerContext> configure)
    {
        var client = Services(http => http.AddResilienceHandler("tested", configure)).GetRequiredService<IHttpClientFactory>().CreateClient("flaky");
        client.BaseAddress = _server.Address;
        return client;
    }
}
