using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using OrderSystem.Tests.StandIns.Nats;
using Xunit;

namespace OrderSystem.Tests.Fuzzing;

/// <summary>What a broken or hostile server could say: the client reads it, or gives the connection up. It does not crash, hang or grow.</summary>
public sealed class NatsProtocolFuzzTests
{
    /// <summary>Other tests run in the same process: this is room for them, and nothing beside what an input can make it keep.</summary>
    private const long MayGrow = 256 * 1024 * 1024;

    [Fact]
    public async Task Every_cut_and_every_change_is_read_or_refused()
    {
        var run = new FuzzRun("nats-protocol", usualSeconds: 4);
        var before = 0L;
        await run.RunAsync(async input =>
        {
            // The first hundred fill pools and caches.
            if (input.Number == 100)
                before = GC.GetTotalMemory(forceFullCollection: true);
            var random = input.Random;
            var messages = Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomMessage.Create(random)).ToList();
            var bytes = messages.SelectMany(message => Between(random).Concat(message.Bytes)).ToArray();
            var isIntact = random.Hits(0.25);
            if (!isIntact)
                bytes = random.Hits(0.9) ? Odd.Bytes(random, bytes) : Garbage(random);
            input.Text = Odd.Show(bytes);
            await SayAsync(random, bytes, isIntact ? messages : []);
        });
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, before + MayGrow);
    }

    [Theory]
    [InlineData("MSG ")]
    [InlineData("-ERR '")]
    [InlineData("INFO {\"server_id\":\"")]
    public async Task What_has_no_end_is_refused_before_it_fills_the_memory(string start)
    {
        var wire = new ScriptedConnection();
        await using var connection = new NatsConnection(NatsOpts.Default with { SocketConnectionFactory = wire, MaxReconnectRetry = 0 });
        var lost = new TaskCompletionSource();
        connection.ConnectionDisconnected += (_, _) =>
        {
            lost.TrySetResult();
            return default;
        };
        await connection.ConnectAsync();
        wire.Receive(start);
        for (var megabyte = 0; megabyte < 4; megabyte++)
            wire.Receive(new string('x', 1024 * 1024));
        await Until.DoneAsync("the connection was given up", lost.Task);
    }

    /// <summary>Says the bytes in pieces, then nothing more; whatever they are, that ends the connection.</summary>
    private static async Task SayAsync(Random random, byte[] bytes, List<RandomMessage> expected)
    {
        using var log = new ErrorLog();
        var wire = new ScriptedConnection();
        await using var connection = new NatsConnection(NatsOpts.Default with
        {
            SocketConnectionFactory = wire,
            LoggerFactory = log,
            MaxReconnectRetry = 0,
            SubPendingChannelCapacity = 10_000,
        });
        var lost = new TaskCompletionSource();
        connection.ConnectionDisconnected += (_, _) =>
        {
            lost.TrySetResult();
            return default;
        };
        var sub = await connection.SubscribeCoreAsync<byte[]>(">");
        for (var start = 0; start < bytes.Length;)
        {
            var length = random.Hits(0.5) ? random.Next(1, 8) : random.Next(1, 5_000);
            wire.Receive(bytes[start..Math.Min(bytes.Length, start + length)]);
            start += length;
        }

        foreach (var message in expected)
            Assert.True(message.Matches(await Until.DoneAsync("the message came", sub.Msgs.ReadAsync().AsTask())), message.Subject);
        await wire.DisposeAsync();
        await Until.DoneAsync("the connection was given up", lost.Task);
        log.AssertOnlyExpected();
    }

    private static byte[] Between(Random random) => Encoding.UTF8.GetBytes(random.Next(8) switch
    {
        0 => "PING\r\n",
        1 => "PONG\r\n",
        2 => "+OK\r\n",
        3 => $"-ERR '{Odd.Line(random)}'\r\n",
        4 => $$"""INFO {"server_id":"S","version":"2.9.10","max_payload":1048576,"connect_urls":[{{System.Text.Json.JsonSerializer.Serialize(Odd.Line(random))}}]}""" + "\r\n",
        _ => "",
    });

    private static byte[] Garbage(Random random)
    {
        var bytes = new byte[random.Next(1, 1 << random.Next(1, 18))];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Why connections were given up: a reason of the protocol, never a mistake of the program.</summary>
    private sealed class ErrorLog : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<Exception> failures = new();

        internal void AssertOnlyExpected() => Assert.All(failures, failure => Assert.True(failure is NatsException or IOException or OperationCanceledException or ObjectDisposedException, failure.ToString()));

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null)
                failures.Enqueue(exception);
        }

        public void Dispose()
        {
        }
    }
}
