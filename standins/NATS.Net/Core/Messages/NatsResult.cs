namespace NATS.Client.Core;

/// <summary>An outcome instead of an exception.</summary>
public readonly struct NatsResult
{
    private readonly Exception? _error;

    public NatsResult() => _error = null;

    public NatsResult(Exception error) => _error = error;

    public static NatsResult Default { get; } = new();

    /// <exception cref="InvalidOperationException">There is none.</exception>
    public Exception Error => _error ?? throw new InvalidOperationException("The result is a success");

    public bool Success => _error is null;

    public static implicit operator NatsResult(Exception error) => new(error);
}

/// <summary>A value, or the exception that stood in its way.</summary>
public readonly struct NatsResult<T>
{
    private readonly T? _value;
    private readonly Exception? _error;

    public NatsResult(T value)
    {
        _value = value;
        _error = null;
    }

    public NatsResult(Exception error)
    {
        _value = default;
        _error = error;
    }

    /// <summary>The value. With an error it throws that.</summary>
    public T Value => _error is null ? _value! : throw _error;

    /// <exception cref="InvalidOperationException">There is none.</exception>
    public Exception Error => _error ?? throw new InvalidOperationException("The result is a success");

    public bool Success => _error is null;

    public static implicit operator NatsResult<T>(T value) => new(value);

    public static implicit operator NatsResult<T>(Exception error) => new(error);
}
