using System.Text.Json.Serialization;

namespace NATS.Client.Core;

/// <summary>Raw bytes, strings and UTF-8 primitives; anything else throws <see cref="NatsException"/>.</summary>
public sealed class NatsDefaultSerializerRegistry : INatsSerializerRegistry
{
    public static readonly NatsDefaultSerializerRegistry Default = new();

    public INatsSerialize<T> GetSerializer<T>() => NatsDefaultSerializer<T>.Default;

    public INatsDeserialize<T> GetDeserializer<T>() => NatsDefaultSerializer<T>.Default;
}

/// <summary>The serializer behind <see cref="NatsDefaultSerializerRegistry"/>.</summary>
public static class NatsDefaultSerializer<T>
{
    public static readonly INatsSerializer<T> Default = new NatsRawSerializer<T>(NatsUtf8PrimitivesSerializer<T>.Default);
}

/// <summary>Raw bytes and primitives first, then JSON for what the contexts know.</summary>
public sealed class NatsJsonContextSerializerRegistry(params JsonSerializerContext[] contexts) : INatsSerializerRegistry
{
    public INatsSerialize<T> GetSerializer<T>() => Create<T>();

    public INatsDeserialize<T> GetDeserializer<T>() => Create<T>();

    private NatsRawSerializer<T> Create<T>() => new(new NatsUtf8PrimitivesSerializer<T>(new NatsJsonContextSerializer<T>(contexts)));
}

/// <summary>Chains serializers: the first that can, does.</summary>
public sealed class NatsSerializerBuilder<T>
{
    private readonly List<INatsSerializer<T>> _serializers = [];

    public NatsSerializerBuilder<T> Add(INatsSerializer<T> serializer)
    {
        _serializers.Add(serializer);
        return this;
    }

    public INatsSerializer<T> Build()
    {
        if (_serializers.Count == 0)
            return NatsDefaultSerializer<T>.Default;

        var chain = _serializers[^1];
        for (var i = _serializers.Count - 2; i >= 0; i--)
            chain = _serializers[i].CombineWith(chain);
        return chain;
    }
}
