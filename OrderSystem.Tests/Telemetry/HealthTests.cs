using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Telemetry;

/// <summary>The health probes report soon what is wrong, and frequent probes do not overload a dependency.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();
    private RunningSystem system = null!;

    public async ValueTask InitializeAsync() => system = await RunningSystem.StartAsync();

    public ValueTask DisposeAsync() => system.DisposeAsync();

    [Fact]
    public async Task A_frozen_broker_makes_both_services_unhealthy_within_15_s_and_leaves_the_API_ready()
    {
        await system.Nats.SignalAsync("STOP");
        var frozen = Stopwatch.GetTimestamp();
        foreach (var service in new[] { system.OrderApi, system.Worker })
        {
            var report = await ProbeAsync(service, "/health", HttpStatusCode.ServiceUnavailable);
            var check = report.GetProperty("checks").GetProperty("jetstream");
            Assert.Equal("unhealthy", check.GetProperty("status").GetString());
            Assert.NotEmpty(check.GetProperty("why").GetString()!);
            Assert.True(check.GetProperty("durationMs").GetDouble() >= 0);
            Assert.Equal("healthy", report.GetProperty("checks").GetProperty("postgresql").GetProperty("status").GetString());
        }

        Assert.True(Stopwatch.GetElapsedTime(frozen) < TimeSpan.FromSeconds(15));
        await ProbeAsync(system.OrderApi, "/ready", HttpStatusCode.OK);
        await ProbeAsync(system.OrderApi, "/alive", HttpStatusCode.OK);

        await system.Nats.SignalAsync("CONT");
        foreach (var service in new[] { system.OrderApi, system.Worker })
            await ProbeAsync(service, "/health", HttpStatusCode.OK);
        using var client = new Client(system.OrderApi.Address);
        await client.WaitForAsync(await client.PlaceAsync(), "paid", TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("DEAD_LETTERS")]
    [InlineData("ORDERS")]
    public async Task A_missing_stream_is_named_by_the_health_probe_and_recreated(string stream)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);

        // The stream may be recreated before the probe reads it: then it is deleted again.
        await Eventually.BeTrueAsync($"/health names {stream}", async () =>
        {
            await DeleteAsync();
            using var answer = await Http.GetAsync(new Uri(system.OrderApi.Address, "/health"));
            var check = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks").GetProperty("jetstream");
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable
                && check.GetProperty("why").GetString()!.Contains(stream, StringComparison.Ordinal);
        });
        await ProbeAsync(system.OrderApi, "/health", HttpStatusCode.OK);
        await ProbeAsync(system.Worker, "/health", HttpStatusCode.OK);

        async Task DeleteAsync()
        {
            try
            {
                await jetStream.DeleteStreamAsync(stream);
            }
            catch (NatsJSApiException gone) when (gone.Error.Code == 404)
            {
            }
        }
    }

    [Fact]
    public async Task A_manually_changed_consumer_is_named_by_the_health_probe_and_restored()
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var jetStream = new NatsJSContext(nats);

        // The consumer may be restored before the probe reads it: then it is changed again.
        await Eventually.BeTrueAsync("/health names the field", async () =>
        {
            var config = (await jetStream.GetConsumerAsync("ORDERS", "ORDER_PROCESSOR")).Info.Config;
            config.HeadersOnly = true;
            await jetStream.UpdateConsumerAsync("ORDERS", config);
            using var answer = await Http.GetAsync(new Uri(system.Worker.Address, "/health"));
            var check = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks").GetProperty("jetstream");
            return answer.StatusCode == HttpStatusCode.ServiceUnavailable
                && check.GetProperty("why").GetString()!
                    .Contains("ORDER_PROCESSOR: headers_only (true, wanted not set)", StringComparison.Ordinal);
        });
        await ProbeAsync(system.Worker, "/health", HttpStatusCode.OK);
        using var client = new Client(system.OrderApi.Address);
        await client.WaitForAsync(await client.PlaceAsync(), "paid");
    }

    [Fact]
    public async Task Frequent_probes_query_JetStream_about_once_a_second()
    {
        const int Probes = 500;
        await using var nats = new NatsConnection(new NatsOpts { Url = system.Nats.Url });
        var queries = 0;
        using var over = new CancellationTokenSource();
        var subscription = await nats.SubscribeCoreAsync<byte[]>("$JS.API.STREAM.INFO.DEAD_LETTERS");
        await nats.PingAsync();
        var listening = CountAsync();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Probes; i++)
        {
            using var answer = await Http.GetAsync(new Uri(system.OrderApi.Address, "/health"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await nats.PingAsync();
        await over.CancelAsync();
        await listening;

        // Once a second for the probes, and every ten seconds for the gauges and for the health metric of the two services.
        Assert.True(queries <= seconds + 1 + (4 * ((seconds / 10) + 1)), $"{queries} queries for {Probes} probes in {seconds:0.0} s");
        Assert.True(Probes > 10 * (seconds + 3), $"{Probes} probes in {seconds:0.0} s are too few to tell");

        async Task CountAsync()
        {
            try
            {
                await foreach (var _ in subscription.Msgs.ReadAllAsync(over.Token))
                    queries++;
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private static Task<JsonElement> ProbeAsync(ServiceProcess service, string path, HttpStatusCode expected) => Eventually.GetAsync(
        $"{path} answers {expected}",
        async () =>
        {
            using var answer = await Http.GetAsync(new Uri(service.Address, path));
            return answer.StatusCode == expected ? await answer.Content.ReadFromJsonAsync<JsonElement>() : default;
        },
        report => report.ValueKind == JsonValueKind.Object,
        TimeSpan.FromSeconds(60));
}
