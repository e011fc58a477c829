using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrderSystem.ServiceDefaults.Telemetry;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>Untrusted text in a log stays within the line of its own entry and cannot control a terminal.</summary>
public sealed class LogForgingTests(SharedSystem shared)
{
    private readonly string forged = $"fail:OrderSystem.Forged[{Guid.NewGuid():N}]";

    /// <summary>Uses the characters that HTTP allows in a header, with verbose logging.</summary>
    [Fact]
    public async Task A_caller_cannot_forge_a_log_entry()
    {
        string[] commands = ["\u001b[2K\u001b[1G", "\u0085", "\u2028", "\u202e"];
        await using var api = await (await shared.StartedAsync()).StartServiceAsync(
            "OrderSystem.OrderApi", ("Logging__Console__LogLevel__Default", "Information"));
        foreach (var command in commands)
        {
            using var connection = await RawConnection.OpenAsync(api.Address);
            var request = "POST /orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n"
                + $"Content-Type: text/{command}{forged}\r\n\r\n";
            await connection.SendAsync(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(request)));
            Assert.Equal("HTTP/1.1 401 Unauthorized", await connection.ReadLineAsync());
        }

        await Eventually.GetAsync(
            "all requests are logged", () => Task.FromResult(api.Output), output => Quoting(output).Length >= commands.Length);
        await api.StopAsync();
        Assert.All(Quoting(api.Output), line => Assert.StartsWith("info: Microsoft.AspNetCore", line, StringComparison.Ordinal));
        foreach (var command in commands)
        {
            Assert.DoesNotContain(command, api.Output, StringComparison.Ordinal);
            Assert.Contains($"\\u{(int)command[0]:x4}", api.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    [InlineData("\u0085")]
    [InlineData("\u2028")]
    [InlineData("\u001b[2K\u001b[1G")]
    [InlineData("\u009b2K")]
    [InlineData("\u202e")]
    public void Control_characters_in_a_message_or_exception_cannot_forge_a_log_entry(string command)
    {
        var words = $"x{command}{forged}";
        var failure = new InvalidOperationException(words);
        using var written = new StringWriter();
        new LineFormatter().Write(
            new LogEntry<string>(LogLevel.Warning, "A", new EventId(7), words, failure, (state, _) => state), scopeProvider: null, written);

        var lines = written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("warn: A[7] x", lines[0], StringComparison.Ordinal);
        Assert.Contains(forged, lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.StartsWith("      ", line, StringComparison.Ordinal));
        Assert.All(
            lines,
            line => Assert.DoesNotContain(line.TrimEnd('\r'), character => char.IsControl(character) || character is '\u2028' or '\u202e'));
    }

    private string[] Quoting(string output) =>
        [.. output.Split('\n', '\r', '\u0085', '\u2028').Where(line => line.Contains(forged, StringComparison.Ordinal))];
}
