using System.Buffers;
using System.Globalization;
using System.Text;

namespace NATS.Client.Core;

/// <summary>Strings, numbers, <c>bool</c>, <c>Guid</c> and times as UTF-8 text, culture-free; times round-trip.</summary>
public sealed class NatsUtf8PrimitivesSerializer<T>(INatsSerializer<T>? next = null) : INatsSerializer<T>
{
    public static readonly NatsUtf8PrimitivesSerializer<T> Default = new();

    private static readonly Type Target = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);

    public INatsSerializer<T> CombineWith(INatsSerializer<T> next) => new NatsUtf8PrimitivesSerializer<T>(next);

    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        switch (value)
        {
            case null:
                return;
            case string text:
                Encoding.UTF8.GetBytes(text, bufferWriter);
                return;
            case bool flag:
                bufferWriter.Write(flag ? "True"u8 : "False"u8);
                return;
            case DateTime or DateTimeOffset:
                Encoding.UTF8.GetBytes(((IFormattable)value).ToString("O", CultureInfo.InvariantCulture), bufferWriter);
                return;
            case IUtf8SpanFormattable formattable when Primitive.IsNumberLike(value.GetType()):
                var span = bufferWriter.GetSpan(64);
                formattable.TryFormat(span, out var written, default, CultureInfo.InvariantCulture);
                bufferWriter.Advance(written);
                return;
        }

        if (next is null)
            throw new NatsException($"Can't serialize {typeof(T)}");
        next.Serialize(bufferWriter, value);
    }

    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (Target == typeof(string))
            return (T)(object)Encoding.UTF8.GetString(buffer);
        if (Target == typeof(bool) || Target == typeof(DateTime) || Target == typeof(DateTimeOffset) || Primitive.IsNumberLike(Target))
        {
            if (buffer.IsEmpty)
                return default;
            var text = Encoding.UTF8.GetString(buffer);
            return Primitive.Parse(Target, text) is { } parsed ? (T)parsed : throw new NatsException($"Can't deserialize {typeof(T)}");
        }

        return next is not null ? next.Deserialize(buffer) : throw new NatsException($"Can't deserialize {typeof(T)}");
    }
}

internal static class Primitive
{
    public static bool IsNumberLike(Type type) =>
        Type.GetTypeCode(type) is (>= TypeCode.SByte and <= TypeCode.Decimal) || type == typeof(Guid) || type == typeof(TimeSpan);

    public static object? Parse(Type type, string text)
    {
        var culture = CultureInfo.InvariantCulture;
        try
        {
            if (type == typeof(Guid))
                return Guid.Parse(text, culture);
            if (type == typeof(TimeSpan))
                return TimeSpan.Parse(text, culture);
            if (type == typeof(DateTimeOffset))
                return DateTimeOffset.Parse(text, culture);
            if (type == typeof(DateTime))
                return DateTime.Parse(text, culture, DateTimeStyles.RoundtripKind);
            return Convert.ChangeType(text, type, culture);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }
}
