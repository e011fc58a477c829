using System.Globalization;
using System.Text;
using System.Text.Json;
using OrderSystem.LoadTest.Load;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The generator's requests.</summary>
[Fast]
public sealed class OrderRequestTests
{
    private static readonly Uri Api = new("http://localhost:5080");

    [Fact]
    public void Orders_have_the_lines_of_the_mix()
    {
        Assert.True(BodyMix.TryParse("1:45,3:50,50:5", out var mix));
        var requests = new OrderRequests(Api, "a.b.c", mix);
        var lines = Enumerable.Range(0, 4_000)
            .Select(number => Body(Write(requests, number)).GetProperty("items").GetArrayLength())
            .CountBy(count => count).ToDictionary();
        Assert.Equal(new Dictionary<int, int> { [1] = 1_800, [3] = 2_000, [50] = 200 }, lines);
    }

    [Fact]
    public void Idempotency_keys_are_unique_across_runs()
    {
        var keys = new[] { new OrderRequests(Api, token: null, BodyMix.Default), new OrderRequests(Api, token: null, BodyMix.Default) }
            .SelectMany(requests => Enumerable.Range(0, 5_000).Select(number => Key(Write(requests, number)))).ToArray();
        Assert.Equal(keys.Length, keys.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("3:0")]
    [InlineData("3:1:2")]
    [InlineData("201")]
    [InlineData("three")]
    [InlineData("")]
    public void An_invalid_mix_is_refused(string text) => Assert.False(BodyMix.TryParse(text, out _));

    private static string Write(OrderRequests requests, long number)
    {
        var buffer = new byte[requests.MaxLength];
        return Encoding.ASCII.GetString(buffer, 0, requests.Write(number, buffer));
    }

    private static string Key(string request) => Header(request, "Idempotency-Key: ");

    private static JsonElement Body(string request)
    {
        var body = request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Equal(int.Parse(Header(request, "Content-Length: "), CultureInfo.InvariantCulture), body.Length);
        return JsonDocument.Parse(body).RootElement;
    }

    private static string Header(string request, string name)
    {
        var start = request.IndexOf(name, StringComparison.Ordinal) + name.Length;
        return request[start..request.IndexOf("\r\n", start, StringComparison.Ordinal)];
    }
}
