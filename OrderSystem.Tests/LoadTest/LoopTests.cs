using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OrderSystem.LoadTest.Load;
using OrderSystem.LoadTest.Measuring;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>Both loops against a server that can stall.</summary>
[Fast]
public sealed class LoopTests : IAsyncLifetime
{
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(1);

    private readonly Recorder recorder = new(TimeProvider.System);
    private readonly WebApplication server = Build();
    private readonly TaskCompletionSource stalled = new();
    private Uri address = null!;
    private long answered;
    private int status = 201;

    public async ValueTask InitializeAsync()
    {
        server.MapPost("/orders", AnswerAsync);
        await server.StartAsync();
        address = new(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Every_order_that_is_due_during_a_stall_is_late()
    {
        var schedule = new Schedule(200, TimeSpan.FromSeconds(2));
        var running = OpenLoop.RunAsync(schedule, Clients(connections: 4), CancellationToken.None);
        await Task.Delay(Stall, TimeProvider.System);
        stalled.SetResult();
        await running;

        // Four requests were in flight during the stall. The other 196 of that second waited, half of them for at least 0.5 s.
        Assert.Equal(400, recorder.Post.Count);
        Assert.Equal(0, recorder.Failed);
        Assert.True(recorder.Post.Percentile(75) >= 450_000, $"p75 is {recorder.Post.Percentile(75)} µs");
        Assert.True(recorder.Lateness.Percentile(75) >= 450_000, $"p75 is {recorder.Lateness.Percentile(75)} µs");
    }

    [Fact]
    public async Task A_closed_loop_sends_the_next_order_after_the_response()
    {
        stalled.SetResult();
        await ClosedLoop.RunAsync(TimeSpan.FromSeconds(0.5), Clients(connections: 3), CancellationToken.None);
        Assert.Equal(answered, recorder.Post.Count);
        Assert.Equal(answered, recorder.Accepted.Select(order => order.Id).Distinct().Count());
        Assert.True(answered > 3, $"{answered} orders");
    }

    [Fact]
    public async Task A_refused_order_counts_as_an_error_without_a_latency()
    {
        stalled.SetResult();
        status = 503;
        await OpenLoop.RunAsync(new Schedule(100, TimeSpan.FromSeconds(0.2)), Clients(connections: 2), CancellationToken.None);
        Assert.Equal(20, recorder.Errors["HTTP 503"]);
        Assert.Equal((0, 0), (recorder.Post.Count, recorder.AcceptedCount));
    }

    [Fact]
    public async Task An_order_without_a_response_is_an_error_and_the_next_uses_a_new_connection()
    {
        stalled.SetResult();
        status = 0;
        await OpenLoop.RunAsync(new Schedule(100, TimeSpan.FromSeconds(0.1)), Clients(connections: 1), CancellationToken.None);
        Assert.Equal(10, recorder.Errors.Values.Sum());
        Assert.Equal(10, answered);
    }

    private LoadClients Clients(int connections) => new(
        address, new OrderRequests(address, token: null, BodyMix.Default), recorder, connections, FirstNumber: 0, TimeProvider.System);

    private async Task AnswerAsync(HttpContext http)
    {
        await stalled.Task;
        Interlocked.Increment(ref answered);
        if (status == 0)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = status;
        http.Response.Headers.Location = $"/orders/{Guid.NewGuid()}";
        await http.Response.WriteAsync("{}");
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        return builder.Build();
    }
}
