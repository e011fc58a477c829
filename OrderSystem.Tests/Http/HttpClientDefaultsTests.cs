using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using OrderSystem.ServiceDefaults;
using OrderSystem.ServiceDefaults.Http;
using OrderSystem.Tests.Support;
using Polly.Timeout;
using Xunit;

namespace OrderSystem.Tests.Http;

/// <summary>The defaults of the clients of IHttpClientFactory, against a server on a real socket.</summary>
public sealed class HttpClientDefaultsTests
{
    private const string Fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    private const string HalfABody = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{";

    [Fact]
    public async Task A_response_that_stalls_after_its_headers_times_out_for_each_completion_option()
    {
        await using var server = new ScriptedServer(_ => ScriptedServer.HeadAndSilence);
        await using var app = App();

        foreach (var completion in Enum.GetValues<HttpCompletionOption>())
            await Assert.ThrowsAsync<TimeoutRejectedException>(
                () => Client(app).GetAsync(server.Address, completion).WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System));
    }

    [Fact]
    public async Task A_failed_GET_is_retried()
    {
        await using var server = new ScriptedServer(number => number == 1 ? ScriptedServer.Unavailable : Fine);
        await using var app = App();

        using var answer = await Client(app).GetAsync(server.Address);

        Assert.Equal((HttpStatusCode.OK, 2), (answer.StatusCode, server.Requests));
    }

    [Fact]
    public async Task A_GET_with_a_truncated_body_is_retried()
    {
        await using var server = new ScriptedServer(number => number == 1 ? HalfABody : Fine);
        await using var app = App();

        Assert.Equal(("{}", 2), (await Client(app).GetStringAsync(server.Address), server.Requests));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task POST_PUT_and_DELETE_are_never_retried(string method)
    {
        await using var app = App();
        foreach (var script in (string[])[ScriptedServer.Unavailable, HalfABody, ScriptedServer.HeadAndSilence])
        {
            await using var server = new ScriptedServer(_ => script);
            using var request = new HttpRequestMessage(new HttpMethod(method), server.Address)
            {
                Content = new StringContent("{}", Encoding.UTF8, "application/json"),
            };

            var failure = await Record.ExceptionAsync(async () => (await Client(app).SendAsync(request)).EnsureSuccessStatusCode());

            Assert.NotNull(failure);
            Assert.Equal(1, server.Requests);
        }
    }

    [Fact]
    public async Task A_response_that_is_too_large_is_rejected()
    {
        await using var server = new ScriptedServer(_ => $"HTTP/1.1 200 OK\r\nContent-Length: {ResponseBuffer.MaxBytes + 1}\r\n\r\n");
        await using var app = App();

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => Client(app).GetAsync(server.Address));

        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failure.HttpRequestError);
    }

    [Fact]
    public async Task An_open_circuit_for_one_host_does_not_block_another()
    {
        await using var failing = new ScriptedServer(_ => ScriptedServer.Unavailable);
        await using var healthy = new ScriptedServer(_ => Fine);
        await using var app = App(options => options.CircuitBreaker.MinimumThroughput = 2);

        await Assert.ThrowsAsync<Polly.CircuitBreaker.BrokenCircuitException>(async () =>
        {
            while (true)
                using (await Client(app).GetAsync(failing.Address))
                    Assert.True(failing.Requests < 100, "The circuit does not open.");
        });

        Assert.Equal("{}", await Client(app).GetStringAsync(healthy.Address));
    }

    private static HttpClient Client(WebApplication app) => app.Services.GetRequiredService<IHttpClientFactory>().CreateClient("any");

    /// <summary>A service with timeouts that are short, but long enough for a busy machine.</summary>
    private static WebApplication App(Action<HttpStandardResilienceOptions>? change = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.AddServiceDefaults("any");
        builder.Services.ConfigureAll<HttpStandardResilienceOptions>(options =>
        {
            options.AttemptTimeout.Timeout = TimeSpan.FromSeconds(2);
            options.TotalRequestTimeout.Timeout = TimeSpan.FromSeconds(5);
            options.Retry.Delay = TimeSpan.FromMilliseconds(1);
            change?.Invoke(options);
        });
        return builder.Build();
    }
}
