using System.Buffers;

namespace NATS.Client.Core;

/// <summary>A pooled buffer of exactly <see cref="Length"/> items. The receiver disposes it, once.</summary>
public struct NatsMemoryOwner<T> : IMemoryOwner<T>
{
    private T[]? _array;

    private NatsMemoryOwner(T[] array, int length)
    {
        _array = array;
        Length = length;
    }

    public static NatsMemoryOwner<T> Empty { get; } = new([], 0);

    public int Length { get; }

    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public readonly Memory<T> Memory => Array.AsMemory(0, Length);

    public readonly Span<T> Span => Array.AsSpan(0, Length);

    private readonly T[] Array => _array ?? throw new ObjectDisposedException(nameof(NatsMemoryOwner<>));

    public static NatsMemoryOwner<T> Allocate(int size) => size == 0 ? Empty : new NatsMemoryOwner<T>(ArrayPool<T>.Shared.Rent(size), size);

    public readonly ArraySegment<T> DangerousGetArray() => new(Array, 0, Length);

    public void Dispose()
    {
        var array = _array;
        _array = null;
        if (array is { Length: > 0 })
            ArrayPool<T>.Shared.Return(array);
    }
}
