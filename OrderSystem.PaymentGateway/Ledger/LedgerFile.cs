using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.PaymentGateway.Ledger;

/// <summary>
/// The append-only file. An appended line has reached the operating system and survives a crash of the process;
/// opening the file drops a line that a crash left incomplete.
/// </summary>
internal sealed class LedgerFile(string path) : IDisposable
{
    private const int LinesPerMark = 1024;
    private const byte NewLine = (byte)'\n';

    /// <summary>The offset of every 1,024th line.</summary>
    private readonly List<long> marks = [];
    private SafeFileHandle? handle;
    private long lineCount;
    private long fileLength;

    public long Length => Interlocked.Read(ref fileLength);

    public void Open()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, FileOptions.Asynchronous);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The ledger {path} cannot be opened: {failure.Message} Set Ledger:Path to a file that only this process uses.");
        }
    }

    /// <summary>Reads the complete lines into the index and truncates the file after them.</summary>
    public async Task LoadAsync(LedgerIndex index, CancellationToken cancellationToken)
    {
        await foreach (var line in ReadLinesAsync(RandomAccess.GetLength(handle!), cancellationToken))
        {
            var isHeader = fileLength == 0;
            try
            {
                if (isHeader) index.Reset(JsonSerializer.Deserialize(line.Span, LedgerJson.Default.LedgerHeader)!.Ledger);
                else index.Restore(JsonSerializer.Deserialize(line.Span, LedgerJson.Default.LedgerLine)!);
            }
            catch (Exception failure) when (failure is JsonException or InvalidDataException)
            {
                throw new StartupException($"Line {(isHeader ? 1 : lineCount + 2)} of the ledger {path} is damaged: {failure.Message}");
            }

            Advance(line.Length + 1, lines: isHeader ? 0 : 1);
        }

        RandomAccess.SetLength(handle!, fileLength);
    }

    /// <summary>Replaces the content by an empty ledger.</summary>
    public async Task ResetAsync(LedgerHeader header)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(header, LedgerJson.Default.LedgerHeader), NewLine];
        RandomAccess.SetLength(handle!, 0);
        await RandomAccess.WriteAsync(handle!, line, 0, CancellationToken.None);
        lock (marks)
        {
            marks.Clear();
            (lineCount, fileLength) = (0, line.Length);
        }
    }

    /// <summary>Appends complete lines, all or none.</summary>
    public async Task AppendAsync(ReadOnlyMemory<byte> text, IReadOnlyList<int> lengths)
    {
        try
        {
            await RandomAccess.WriteAsync(handle!, text, fileLength, CancellationToken.None);
        }
        catch (IOException)
        {
            RandomAccess.SetLength(handle!, fileLength);
            throw;
        }

        foreach (var length in lengths) Advance(length, lines: 1);
    }

    /// <summary>Copies the lines after this sequence.</summary>
    public async Task CopyToAsync(Stream target, long after, CancellationToken cancellationToken)
    {
        long from, to;
        int skip;
        lock (marks)
        {
            if (after >= lineCount) return;
            (from, to) = (marks[(int)(after / LinesPerMark)], fileLength);
            skip = (int)(after % LinesPerMark);
        }

        var buffer = new byte[64 * 1024];
        while (from < to)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, to - from));
            var read = await RandomAccess.ReadAsync(handle!, part, from, cancellationToken);
            if (read == 0) return;

            from += read;
            var start = 0;
            for (; skip > 0 && buffer.AsSpan(start, read - start).IndexOf(NewLine) is var end and >= 0; skip--) start += end + 1;
            if (skip == 0) await target.WriteAsync(buffer.AsMemory(start, read - start), cancellationToken);
        }
    }

    /// <summary>The lines so far, the oldest first.</summary>
    public async IAsyncEnumerable<LedgerLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isHeader = true;
        await foreach (var line in ReadLinesAsync(Length, cancellationToken))
        {
            if (!isHeader) yield return JsonSerializer.Deserialize(line.Span, LedgerJson.Default.LedgerLine)!;
            isHeader = false;
        }
    }

    public void Dispose() => handle?.Dispose();

    private void Advance(int bytes, int lines)
    {
        lock (marks)
        {
            if (lines > 0 && lineCount % LinesPerMark == 0) marks.Add(fileLength);
            lineCount += lines;
            fileLength += bytes;
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadLinesAsync(
        long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = 0L;
        var buffer = new byte[64 * 1024];
        var held = 0;
        while (from < to)
        {
            if (held == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = await RandomAccess.ReadAsync(handle!, buffer.AsMemory(held), from, cancellationToken);
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
