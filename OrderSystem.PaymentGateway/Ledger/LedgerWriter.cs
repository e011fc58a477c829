using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>Appends to the ledger by group commit: lines that arrive during a write share the next one.</summary>
internal sealed partial class LedgerWriter : BackgroundService
{
    private const int MaxBatch = 512;

    private readonly Channel<PendingLine> queue = Channel.CreateUnbounded<PendingLine>(new() { SingleReader = true });
    private readonly LedgerIndex index;
    private readonly TimeProvider time;
    private readonly ILogger<LedgerWriter> logger;
    private readonly string path;

    public LedgerWriter(
        LedgerIndex index, IOptions<LedgerOptions> options, IHostEnvironment environment, TimeProvider time, ILogger<LedgerWriter> logger)
    {
        (this.index, this.time, this.logger) = (index, time, logger);
        path = Path.GetFullPath(options.Value.Path, environment.ContentRootPath);
        File = new(path);
    }

    public LedgerFile File { get; }

    /// <summary>The error of the last write; null if it succeeded.</summary>
    public string? Failure { get; private set; }

    public Task<Entry> AppendAsync(LedgerLine line)
    {
        var pending = new PendingLine(line);
        return queue.Writer.TryWrite(pending)
            ? pending.Done.Task
            : Task.FromException<Entry>(new IOException("The gateway is stopping."));
    }

    public Task ClearAsync()
    {
        var pending = new PendingLine(Line: null);
        return queue.Writer.TryWrite(pending) ? pending.Done.Task : Task.CompletedTask;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        File.Open();
        await File.LoadAsync(index, cancellationToken);
        if (File.Length == 0) await ResetAsync();
        await base.StartAsync(cancellationToken);
    }

    // The HTTP server has already stopped: hosted services stop in reverse order.
    public override Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
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
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            PendingLine? clear = null;
            while (clear is null && batch.Count < MaxBatch && queue.Reader.TryRead(out var next))
            {
                if (next.Line is null) clear = next;
                else batch.Add(next, Complete(next.Line, index.Count + batch.Count + 1));
            }

            if (batch.Count > 0) await WriteAsync(batch);
            if (clear is not null) await ClearAsync(clear);
            batch.Clear();
        }
    }

    private LedgerLine Complete(LedgerLine line, long sequence) =>
        line with { Sequence = sequence, Id = index.IdOf(line.Kind, sequence), At = time.GetUtcNow() };

    private async Task WriteAsync(LedgerBatch batch)
    {
        try
        {
            await File.AppendAsync(batch.Text, batch.Lengths);
            Failure = null;
        }
        catch (IOException failure)
        {
            Log.WriteFailed(logger, path, failure);
            Failure = failure.Message;
            batch.Fail(failure);
            return;
        }

        batch.Apply(index);
    }

    private async Task ClearAsync(PendingLine clear)
    {
        await ResetAsync();
        clear.Done.SetResult(null!);
    }

    private async Task ResetAsync()
    {
        var header = new LedgerHeader(Guid.NewGuid().ToString("N")[..8], time.GetUtcNow());
        await File.ResetAsync(header);
        index.Reset(header.Ledger);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4001, Level = LogLevel.Error,
            Message = "Ledger {Path} cannot be written; calls are answered 500 until it can.")]
        public static partial void WriteFailed(ILogger logger, string path, Exception exception);
    }
}
