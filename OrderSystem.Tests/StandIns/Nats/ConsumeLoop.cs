using System.Threading.Channels;
using NATS.Client.JetStream;

namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>A consume loop in the background whose messages a test takes one by one.</summary>
internal sealed class ConsumeLoop<T> : IAsyncDisposable
{
    private readonly Channel<INatsJSMsg<T>> _received = Channel.CreateUnbounded<INatsJSMsg<T>>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public ConsumeLoop(INatsJSConsumer consumer, NatsJSConsumeOpts? opts) => _loop = Task.Run(async () =>
    {
        await foreach (var msg in consumer.ConsumeAsync<T>(opts: opts, cancellationToken: _stop.Token))
            _received.Writer.TryWrite(msg);
    });

    public int Waiting => _received.Reader.Count;

    public Task<INatsJSMsg<T>> NextAsync() => Until.DoneAsync("a message came", _received.Reader.ReadAsync().AsTask());

    public bool TryTake(out INatsJSMsg<T> msg) => _received.Reader.TryRead(out msg!);

    /// <summary>Waits for the loop to end by itself.</summary>
    public Task EndAsync() => Until.DoneAsync("the loop ended", _loop);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
