using System.Text;

namespace NATS.Client.Core.Protocol;

/// <summary>Strings that come with almost every message, such as subjects and header names, are not allocated again.</summary>
internal sealed class AsciiCache
{
    private const int Slots = 256;
    private const int LongestCached = 128;
    private readonly string?[] _cache = new string?[Slots];

    public string Get(Encoding encoding, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LongestCached)
            return encoding.GetString(bytes);

        var hash = 17u;
        foreach (var b in bytes)
            hash = (hash * 31) + b;
        ref var slot = ref _cache[hash % Slots];
        var cached = Volatile.Read(ref slot);
        if (cached is not null && Ascii.Equals(bytes, cached))
            return cached;

        var text = encoding.GetString(bytes);
        Volatile.Write(ref slot, text);
        return text;
    }
}
