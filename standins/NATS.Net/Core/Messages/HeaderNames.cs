using System.Text;

namespace NATS.Client.Core;

/// <summary>Names that come with almost every message are not allocated again.</summary>
internal static class HeaderNames
{
    private const int Slots = 256;
    private static readonly string?[] Cache = new string?[Slots];

    public static string Intern(Encoding encoding, ReadOnlySpan<byte> name)
    {
        var hash = 17u;
        foreach (var b in name)
            hash = (hash * 31) + b;
        ref var slot = ref Cache[hash % Slots];
        var cached = Volatile.Read(ref slot);
        if (cached is not null && Ascii.Equals(name, cached))
            return cached;

        var text = encoding.GetString(name);
        if (name.Length <= 64)
            Volatile.Write(ref slot, text);
        return text;
    }
}
