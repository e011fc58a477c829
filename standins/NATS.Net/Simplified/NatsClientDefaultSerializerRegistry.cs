using System.Buffers;
using System.Text.Json;
using NATS.Client.Core;

namespace NATS.Net;

/// <summary>Raw bytes and primitives as they are; every other type is JSON with the web defaults left off: property names as written.</summary>
public sealed class NatsClientDefaultSerializerRegistry : INatsSerializerRegistry
{
    public static readonly NatsClientDefaultSerializerRegistry Default = new();

    public INatsSerialize<T> GetSerializer<T>() => NatsClientDefaultSerializer<T>.Default;

    public INatsDeserialize<T> GetDeserializer<T>() => NatsClientDefaultSerializer<T>.Default;
}

/// <summary>The serializer behind <see cref="NatsClientDefaultSerializerRegistry"/>.</summary>
public static class NatsClientDefaultSerializer<T>
{
    public static readonly INatsSerializer<T> Default = new NatsRawSerializer<T>(new NatsUtf8PrimitivesSerializer<T>(new ReflectionJsonSerializer<T>()));
}

internal sealed class ReflectionJsonSerializer<T> : INatsSerializer<T>
{
    public INatsSerializer<T> CombineWith(INatsSerializer<T> next) => this;

    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        using var writer = new Utf8JsonWriter(bufferWriter);
        JsonSerializer.Serialize(writer, value);
    }

    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty)
            return default;
        var reader = new Utf8JsonReader(buffer);
        return JsonSerializer.Deserialize<T>(ref reader);
    }
}
