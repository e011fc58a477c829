using System.Buffers;

namespace NATS.Client.Core;

public interface INatsSerialize<in T>
{
    void Serialize(IBufferWriter<byte> bufferWriter, T value);
}

public interface INatsDeserialize<out T>
{
    /// <param name="buffer">Valid only during the call.</param>
    T? Deserialize(in ReadOnlySequence<byte> buffer);
}

public interface INatsSerializer<T> : INatsSerialize<T>, INatsDeserialize<T>
{
    INatsSerializer<T> CombineWith(INatsSerializer<T> next);
}

public interface INatsSerializerRegistry
{
    INatsSerialize<T> GetSerializer<T>();

    INatsDeserialize<T> GetDeserializer<T>();
}
