using System.Buffers;
using System.Text.Json;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>A line that its caller waits to see in the file; without a line, a request to clear the ledger.</summary>
internal sealed record PendingLine(LedgerLine? Line)
{
    public TaskCompletionSource<Entry> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The lines of one write.</summary>
internal sealed class LedgerBatch
{
    private readonly List<(PendingLine Pending, LedgerLine Line)> lines = [];
    private readonly List<int> lengths = [];
    private readonly ArrayBufferWriter<byte> text = new();

    public int Count => lines.Count;

    public ReadOnlyMemory<byte> Text => text.WrittenMemory;

    public IReadOnlyList<int> Lengths => lengths;

    public void Add(PendingLine pending, LedgerLine line)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(line, LedgerJson.Default.LedgerLine);
        text.Write(json);
        text.Write("\n"u8);
        lengths.Add(json.Length + 1);
        lines.Add((pending, line));
    }

    /// <summary>Adds the written lines to the index and completes their callers.</summary>
    public void Apply(LedgerIndex index)
    {
        foreach (var (pending, line) in lines) pending.Done.SetResult(index.Apply(line));
    }

    public void Fail(Exception failure)
    {
        foreach (var (pending, _) in lines) pending.Done.SetException(failure);
    }

    public void Clear()
    {
        lines.Clear();
        lengths.Clear();
        text.ResetWrittenCount();
    }
}
