using System.Text;
using OrderSystem.LoadTest.Load;
using Xunit;

namespace OrderSystem.Tests.LoadTest;

/// <summary>The generator's parser of HTTP responses.</summary>
[Fast]
public sealed class AnswerTests
{
    private const string Id = "0198c0de-0000-7000-8000-000000000001";

    [Theory]
    [InlineData(
        $"HTTP/1.1 201 Created\r\nLocation: /orders/{Id}\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
        201,
        true)]
    [InlineData($"HTTP/1.1 201 Created\r\ncontent-length: 4\r\nLOCATION: http://host/orders/{Id}\r\n\r\n{{\"\"}}", 201, true)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503, false)]
    public void A_response_is_complete_with_its_last_byte(string text, int status, bool hasOrder)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(Answer.TryRead(bytes.AsSpan(0, length), out _, out _), $"complete after {length} of {bytes.Length} bytes");
        Assert.True(Answer.TryRead([.. bytes, .. "HTTP/1.1"u8], out var answer, out var read));
        Assert.Equal((status, bytes.Length, hasOrder ? Guid.Parse(Id) : (Guid?)null), (answer.Status, read, answer.OrderId));
        Assert.False(answer.Closes);
    }

    [Fact]
    public void Connection_close_is_recognised()
    {
        Assert.True(Answer.TryRead("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"u8, out var answer, out _));
        Assert.True(answer.Closes);
    }

    [Fact]
    public void A_different_protocol_is_an_error_and_not_an_incomplete_response() =>
        Assert.Throws<InvalidDataException>(() => Answer.TryRead("INFO {\"server_id\":\"N\"}\r\n\r\n"u8, out _, out _));
}
