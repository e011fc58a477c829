using System.Globalization;

namespace OrderSystem.Tests.Support;

/// <summary>A span as its service sent it.</summary>
internal sealed record OtlpSpan(
    string Service, string TraceId, string SpanId, string? ParentId, string Name, int Kind, ulong Start, ulong End, bool IsError,
    IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<string> Links, IReadOnlyList<OtlpEvent> Events)
{
    internal const int Internal = 1;
    internal const int Server = 2;
    internal const int Client = 3;
    internal const int Producer = 4;
    internal const int Consumer = 5;

    internal string? Attribute(string name) => Attributes.GetValueOrDefault(name);

    public override string ToString() => $"{Service}: {Name} ({string.Join(", ", Events.Select(occurred => occurred.Name))})";

    internal static OtlpSpan Read(IReadOnlyDictionary<string, string> resource, ProtobufMessage span) => new(
        resource.GetValueOrDefault("service.name", "?"),
        Convert.ToHexStringLower(span.Bytes(1)!), Convert.ToHexStringLower(span.Bytes(2)!),
        span.Bytes(4) is { Length: > 0 } parent ? Convert.ToHexStringLower(parent) : null,
        span.Text(5) ?? "", (int)span.Number(6), span.Number(7), span.Number(8), span.Messages(15).Any(status => status.Number(3) == 2),
        span.Messages(9).ToAttributes(),
        [.. span.Messages(13).Select(link => Convert.ToHexStringLower(link.Bytes(2)!))],
        [.. span.Messages(11).Select(occurred => new OtlpEvent(occurred.Text(2) ?? "", occurred.Messages(3).ToAttributes()))]);
}

/// <summary>An event of a span.</summary>
internal sealed record OtlpEvent(string Name, IReadOnlyDictionary<string, string> Attributes);

/// <summary>A log record as its service sent it.</summary>
internal sealed record OtlpLog(string Service, string? TraceId, string Body, IReadOnlyDictionary<string, string> Attributes)
{
    internal static OtlpLog Read(IReadOnlyDictionary<string, string> resource, ProtobufMessage log) => new(
        resource.GetValueOrDefault("service.name", "?"), log.Bytes(9) is { Length: > 0 } trace ? Convert.ToHexStringLower(trace) : null,
        log.Messages(5).FirstOrDefault()?.Text(1) ?? "", log.Messages(6).ToAttributes());
}

/// <summary>Reads a protobuf message by its field numbers.</summary>
internal sealed class ProtobufMessage
{
    private readonly List<(int Field, ulong Number, byte[]? Bytes)> fields = [];

    internal ProtobufMessage(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            var field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add((field, Varint(message, ref at), null));
                    break;
                case 1:
                    fields.Add((field, BitConverter.ToUInt64(message, at), null));
                    at += 8;
                    break;
                case 5:
                    fields.Add((field, BitConverter.ToUInt32(message, at), null));
                    at += 4;
                    break;
                default:
                    var length = (int)Varint(message, ref at);
                    fields.Add((field, 0, message[at..(at + length)]));
                    at += length;
                    break;
            }
        }
    }

    internal byte[]? Bytes(int field) => fields.FirstOrDefault(candidate => candidate.Field == field).Bytes;

    internal string? Text(int field) => Bytes(field) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    internal ulong Number(int field) => fields.FirstOrDefault(candidate => candidate.Field == field).Number;

    internal IEnumerable<ProtobufMessage> Messages(int field) =>
        fields.Where(candidate => candidate.Field == field).Select(candidate => new ProtobufMessage(candidate.Bytes ?? []));

    // AnyValue { string_value = 1, bool_value = 2, int_value = 3, double_value = 4 }
    internal string AsAnyValue()
    {
        var (field, number, _) = fields.FirstOrDefault();
        return field switch
        {
            1 => Text(1)!,
            2 => number == 1 ? "true" : "false",
            3 => ((long)number).ToString(CultureInfo.InvariantCulture),
            4 => BitConverter.UInt64BitsToDouble(number).ToString(CultureInfo.InvariantCulture),
            _ => "",
        };
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
        }
    }
}

internal static class ProtobufAttributes
{
    // KeyValue { key = 1, AnyValue value = 2 }
    internal static IReadOnlyDictionary<string, string> ToAttributes(this IEnumerable<ProtobufMessage> attributes)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var attribute in attributes)
            result[attribute.Text(1)!] = attribute.Messages(2).FirstOrDefault()?.AsAnyValue() ?? "";
        return result;
    }
}
