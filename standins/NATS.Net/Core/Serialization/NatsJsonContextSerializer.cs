using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NATS.Client.Core;

/// <summary>JSON for the types that the given source-generated contexts know.</summary>
public sealed class NatsJsonContextSerializer<T> : INatsSerializer<T>
{
    private readonly JsonSerializerContext[] _contexts;
    private readonly INatsSerializer<T>? _next;
    private readonly JsonTypeInfo<T>? _typeInfo;

    public NatsJsonContextSerializer(JsonSerializerContext[] contexts, INatsSerializer<T>? next = null)
    {
        _contexts = contexts;
        _next = next;
        foreach (var context in contexts)
        {
            if (context.GetTypeInfo(typeof(T)) is JsonTypeInfo<T> typeInfo)
            {
                _typeInfo = typeInfo;
                break;
            }
        }
    }

    public NatsJsonContextSerializer(JsonSerializerContext context, INatsSerializer<T>? next = null)
        : this([context], next)
    {
    }

    public INatsSerializer<T> CombineWith(INatsSerializer<T> next) => new NatsJsonContextSerializer<T>(_contexts, next);

    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        if (_typeInfo is not null)
            JsonBytes.Write(bufferWriter, value, _typeInfo);
        else if (_next is not null)
            _next.Serialize(bufferWriter, value);
        else
            throw new NatsException($"Can't serialize {typeof(T)}");
    }

    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (_typeInfo is not null)
            return JsonBytes.Read(buffer, _typeInfo);
        return _next is not null ? _next.Deserialize(buffer) : throw new NatsException($"Can't deserialize {typeof(T)}");
    }
}

internal static class JsonBytes
{
    [ThreadStatic]
    private static Utf8JsonWriter? _cached;

    public static void Write<T>(IBufferWriter<byte> bufferWriter, T value, JsonTypeInfo<T> typeInfo)
    {
        // Taken out while in use: a converter may serialise another message.
        var writer = _cached ?? new Utf8JsonWriter(bufferWriter);
        _cached = null;
        writer.Reset(bufferWriter);
        JsonSerializer.Serialize(writer, value, typeInfo);
#pragma warning disable MA0045 // Into a buffer: there is nothing to wait for.
        writer.Flush();
#pragma warning restore MA0045
        writer.Reset(Stream.Null);
        _cached = writer;
    }

    public static T? Read<T>(in ReadOnlySequence<byte> buffer, JsonTypeInfo<T> typeInfo)
    {
        if (buffer.IsEmpty)
            return default;
        var reader = new Utf8JsonReader(buffer);
        return JsonSerializer.Deserialize(ref reader, typeInfo);
    }
}
