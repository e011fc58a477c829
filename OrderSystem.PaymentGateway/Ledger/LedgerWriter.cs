using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>Appends to the ledger. What arrives while a write is under way goes together into the next one.</summary>
internal sealed partial class LedgerWriter : BackgroundService
{
    private const int MaxBatch = 512;

    private readonly Channel<Pending> _pending = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });
    private readonly Book _book;
    private readonly TimeProvider _time;
    private readonly ILogger<LedgerWriter> _logger;
    private readonly string _path;

    public LedgerWriter(Book book, IOptions<LedgerOptions> options, IHostEnvironment environment, TimeProvider time, ILogger<LedgerWriter> logger)
    {
        (_book, _time, _logger) = (book, time, logger);
        _path = Path.GetFullPath(options.Value.Path, environment.ContentRootPath);
        File = new(_path);
    }

    public LedgerFile File { get; }

    /// <summary>Why the last write failed; null when it did not.</summary>
    public string? Failure { get; private set; }

    public Task<Entry> AppendAsync(LedgerLine line)
    {
        var pending = new Pending(line);
        return _pending.Writer.TryWrite(pending)
            ? pending.Done.Task
            : Task.FromException<Entry>(new IOException("The gateway is stopping."));
    }

    public Task ClearAsync()
    {
        var pending = new Pending(Line: null);
        return _pending.Writer.TryWrite(pending) ? pending.Done.Task : Task.CompletedTask;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        File.Open();
        await File.LoadAsync(_book, cancellationToken);
        if (File.Length == 0) await BeginAsync();
        await base.StartAsync(cancellationToken);
    }

    // The server has stopped by now: hosted services stop in reverse order.
    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _pending.Writer.TryComplete();
        return ExecuteTask ?? Task.CompletedTask;
    }

    public override void Dispose()
    {
        File.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new LedgerBatch();
        while (await _pending.Reader.WaitToReadAsync(CancellationToken.None))
        {
            Pending? clear = null;
            while (clear is null && batch.Count < MaxBatch && _pending.Reader.TryRead(out var next))
            {
                if (next.Line is null) clear = next;
                else batch.Add(next, Complete(next.Line, _book.Count + batch.Count + 1));
            }

            if (batch.Count > 0) await WriteAsync(batch);
            if (clear is not null) await ClearAsync(clear);
            batch.Clear();
        }
    }

    private LedgerLine Complete(LedgerLine line, long sequence) =>
        line with { Sequence = sequence, Id = _book.IdOf(line.Kind, sequence), At = _time.GetUtcNow() };

    private async Task WriteAsync(LedgerBatch batch)
    {
        try
        {
            await File.AppendAsync(batch.Text, batch.Lengths);
            Failure = null;
        }
        catch (IOException failure)
        {
            Log.WriteFailed(_logger, _path, failure);
            Failure = failure.Message;
            batch.Fail(failure);
            return;
        }

        batch.Apply(_book);
    }

    private async Task ClearAsync(Pending clear)
    {
        await BeginAsync();
        clear.Done.SetResult(null!);
    }

    private async Task BeginAsync()
    {
        var header = new LedgerHeader(Guid.NewGuid().ToString("N")[..8], _time.GetUtcNow());
        await File.BeginAsync(header);
        _book.Begin(header.Ledger);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4001, Level = LogLevel.Error, Message = "The ledger {Path} cannot be written.")]
        public static partial void WriteFailed(ILogger logger, string path, Exception exception);
    }
}
