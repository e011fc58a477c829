using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>
/// The append-only file. What was appended has reached the operating system and survives the death of the process; a line that was
/// cut short by it is dropped when the file is opened.
/// </summary>
internal sealed class LedgerFile(string path) : IDisposable
{
    private const int LinesPerMark = 1024;
    private const byte NewLine = (byte)'\n';

    /// <summary>Where every 1,024th line begins.</summary>
    private readonly List<long> _marks = [];
    private SafeFileHandle? _handle;
    private long _lines;
    private long _length;

    public long Length => Interlocked.Read(ref _length);

    public void Open()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The ledger {path} cannot be opened: {failure.Message} Set Ledger:Path to a file that this process can have for itself.");
        }
    }

    /// <summary>Reads the lines that are complete into the book and cuts off the rest.</summary>
    public async Task LoadAsync(Book book, CancellationToken cancellationToken)
    {
        await foreach (var line in ReadLinesAsync(RandomAccess.GetLength(_handle!), cancellationToken))
        {
            var isHeader = _length == 0;
            try
            {
                if (isHeader) book.Begin(JsonSerializer.Deserialize(line.Span, LedgerJson.Default.LedgerHeader)!.Ledger);
                else book.Restore(JsonSerializer.Deserialize(line.Span, LedgerJson.Default.LedgerLine)!);
            }
            catch (Exception failure) when (failure is JsonException or InvalidDataException)
            {
                throw new StartupException($"Line {(isHeader ? 1 : _lines + 2)} of the ledger {path} is damaged: {failure.Message}");
            }

            Advance(line.Length + 1, lines: isHeader ? 0 : 1);
        }

        RandomAccess.SetLength(_handle!, _length);
    }

    /// <summary>Starts an empty ledger, over what was there.</summary>
    public async Task BeginAsync(LedgerHeader header)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(header, LedgerJson.Default.LedgerHeader), NewLine];
        RandomAccess.SetLength(_handle!, 0);
        await RandomAccess.WriteAsync(_handle!, line, 0, CancellationToken.None);
        lock (_marks)
        {
            _marks.Clear();
            (_lines, _length) = (0, line.Length);
        }
    }

    /// <summary>Appends whole lines; when that fails none of them is in the file.</summary>
    public async Task AppendAsync(ReadOnlyMemory<byte> text, IReadOnlyList<int> lengths)
    {
        try
        {
            await RandomAccess.WriteAsync(_handle!, text, _length, CancellationToken.None);
        }
        catch (IOException)
        {
            RandomAccess.SetLength(_handle!, _length);
            throw;
        }

        foreach (var length in lengths) Advance(length, lines: 1);
    }

    /// <summary>Copies the lines after the one with this number.</summary>
    public async Task CopyToAsync(Stream target, long after, CancellationToken cancellationToken)
    {
        long from, to;
        int skip;
        lock (_marks)
        {
            if (after >= _lines) return;
            (from, to) = (_marks[(int)(after / LinesPerMark)], _length);
            skip = (int)(after % LinesPerMark);
        }

        var buffer = new byte[64 * 1024];
        while (from < to)
        {
            var read = await RandomAccess.ReadAsync(_handle!, buffer.AsMemory(0, (int)Math.Min(buffer.Length, to - from)), from, cancellationToken);
            if (read == 0) return;

            from += read;
            var start = 0;
            for (; skip > 0 && buffer.AsSpan(start, read - start).IndexOf(NewLine) is var end and >= 0; skip--) start += end + 1;
            if (skip == 0) await target.WriteAsync(buffer.AsMemory(start, read - start), cancellationToken);
        }
    }

    public void Dispose() => _handle?.Dispose();

    private void Advance(int bytes, int lines)
    {
        lock (_marks)
        {
            if (lines > 0 && _lines % LinesPerMark == 0) _marks.Add(_length);
            _lines += lines;
            _length += bytes;
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadLinesAsync(long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = 0L;
        var buffer = new byte[64 * 1024];
        var held = 0;
        while (from < to)
        {
            if (held == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = await RandomAccess.ReadAsync(_handle!, buffer.AsMemory(held), from, cancellationToken);
            from += read;
            held += read;

            var start = 0;
            while (buffer.AsSpan(start, held - start).IndexOf(NewLine) is var length and >= 0)
            {
                yield return buffer.AsMemory(start, length);
                start += length + 1;
            }

            buffer.AsSpan(start, held - start).CopyTo(buffer);
            held -= start;
            if (read == 0) yield break;
        }
    }
}
