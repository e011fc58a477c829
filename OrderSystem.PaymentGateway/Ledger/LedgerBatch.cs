using System.Buffers;
using System.Text.Json;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>A line on its way to the file, and the caller that waits for it; without a line, the wish to clear the ledger.</summary>
internal sealed record Pending(LedgerLine? Line)
{
    public TaskCompletionSource<Entry> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The lines of one write.</summary>
internal sealed class LedgerBatch
{
    private readonly List<(Pending Pending, LedgerLine Line)> _lines = [];
    private readonly List<int> _lengths = [];
    private readonly ArrayBufferWriter<byte> _text = new();

    public int Count => _lines.Count;

    public ReadOnlyMemory<byte> Text => _text.WrittenMemory;

    public IReadOnlyList<int> Lengths => _lengths;

    public void Add(Pending pending, LedgerLine line)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(line, LedgerJson.Default.LedgerLine);
        _text.Write(json);
        _text.Write("\n"u8);
        _lengths.Add(json.Length + 1);
        _lines.Add((pending, line));
    }

    /// <summary>The lines are in the file: the book takes them over and the callers go on.</summary>
    public void Apply(Book book)
    {
        foreach (var (pending, line) in _lines) pending.Done.SetResult(book.Apply(line));
    }

    public void Fail(Exception failure)
    {
        foreach (var (pending, _) in _lines) pending.Done.SetException(failure);
    }

    public void Clear()
    {
        _lines.Clear();
        _lengths.Clear();
        _text.ResetWrittenCount();
    }
}
