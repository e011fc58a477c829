using System.Buffers;

namespace NATS.Client.Core.Protocol;

/// <summary>A growing buffer from the shared pool. What is written is valid until <see cref="Clear"/>.</summary>
internal sealed class ByteBuffer(int initialCapacity) : IBufferWriter<byte>
{
    private readonly int _initialCapacity = initialCapacity;
    private byte[] _array = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> WrittenSpan => _array.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _array.AsMemory(0, Length);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _array.Length - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _array.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _array.AsSpan(Length);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Empties it. One that had to grow far beyond its usual size gives the memory back.</summary>
    public void Clear()
    {
        Length = 0;
        if (_array.Length > Math.Max(_initialCapacity * 32, 1 << 20))
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
        }
    }

    private void Ensure(int free)
    {
        if (_array.Length - Length >= free)
            return;

        var wanted = Math.Max(Math.Max(_initialCapacity, _array.Length * 2L), (long)Length + free);
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(wanted, Array.MaxLength));
        _array.AsSpan(0, Length).CopyTo(larger);
        if (_array.Length > 0)
            ArrayPool<byte>.Shared.Return(_array);
        _array = larger;
    }
}
