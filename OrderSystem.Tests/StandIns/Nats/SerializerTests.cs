using System.Buffers;
using System.Text;
using System.Text.Json.Serialization;
using NATS.Client.Core;
using NATS.Net;
using Xunit;

namespace OrderSystem.Tests.StandIns.Nats;

public sealed partial class SerializerTests
{
    [Fact]
    public void Bytes_in_every_form_go_as_they_are()
    {
        byte[] bytes = [1, 0, 13, 10, 255];
        Assert.Equal(bytes, Write(bytes));
        Assert.Equal(bytes, Write(new Memory<byte>(bytes)));
        Assert.Equal(bytes, Write(new ReadOnlyMemory<byte>(bytes)));
        Assert.Equal(bytes, Write(new ReadOnlySequence<byte>(bytes)));
        Assert.Equal(bytes, Write<IMemoryOwner<byte>>(Own(bytes)));
        Assert.Equal(bytes, Write(Own(bytes)));
        Assert.Empty(Write<byte[]?>(null));

        Assert.Equal(bytes, Read<byte[]>(bytes));
        Assert.Equal(bytes, Read<Memory<byte>>(bytes).ToArray());
        Assert.Equal(bytes, Read<ReadOnlyMemory<byte>>(bytes).ToArray());
        Assert.Equal(bytes, Read<ReadOnlySequence<byte>>(bytes).ToArray());
        using var owner = Read<IMemoryOwner<byte>>(bytes)!;
        Assert.Equal(bytes, owner.Memory.ToArray());
        using var own = Read<NatsMemoryOwner<byte>>(bytes);
        Assert.Equal(bytes, own.Memory.ToArray());
    }

    [Fact]
    public void Primitives_go_as_text()
    {
        RoundTrip("grüße", "grüße");
        RoundTrip(-42, "-42");
        RoundTrip(1.5, "1.5");
        RoundTrip(12.50m, "12.50");
        RoundTrip(ulong.MaxValue, "18446744073709551615");
        RoundTrip(true, "True");
        RoundTrip<int?>(7, "7");
        RoundTrip(Guid.Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
        RoundTrip(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(1)), "2026-01-02T03:04:05.6780000+01:00");
        RoundTrip(TimeSpan.FromSeconds(90), "00:01:30");
        Assert.Null(Read<int?>([]));
    }

    [Fact]
    public void The_registry_without_json_refuses_an_object_by_its_type()
    {
        Assert.Contains(nameof(Order), Assert.Throws<NatsException>(() => Write(new Order("o-1", 3))).Message, StringComparison.Ordinal);
        Assert.Throws<NatsException>(() => Read<Order>("{}"u8.ToArray()));
        Assert.Throws<NatsException>(() => Read<int>("x"u8.ToArray()));
    }

    [Fact]
    public void The_registry_of_the_client_does_json_for_any_type()
    {
        var registry = NatsClientDefaultSerializerRegistry.Default;
        Assert.Equal("""{"Id":"o-1","Quantity":3}""", Encoding.UTF8.GetString(Write(new Order("o-1", 3), registry)));
        Assert.Equal(new Order("o-1", 3), Read<Order>("""{"Id":"o-1","Quantity":3}"""u8.ToArray(), registry));
        Assert.Null(Read<Order>([], registry));
        Assert.Equal("plain", Encoding.UTF8.GetString(Write("plain", registry)));
    }

    [Fact]
    public void A_registry_of_contexts_does_json_for_what_they_know()
    {
        var registry = new NatsJsonContextSerializerRegistry(Context.Default);
        Assert.Equal("""{"id":"o-1","quantity":3}""", Encoding.UTF8.GetString(Write(new Order("o-1", 3), registry)));
        Assert.Equal(new Order("o-1", 3), Read<Order>("""{"id":"o-1","quantity":3}"""u8.ToArray(), registry));
        Assert.Throws<NatsException>(() => Write(new Version(1, 2), registry));
        Assert.Equal([1, 2], Write(new byte[] { 1, 2 }, registry));
    }

    [Fact]
    public void Serializers_are_asked_in_the_order_in_which_they_were_added()
    {
        var serializer = new NatsSerializerBuilder<Order>().Add(new NatsRawSerializer<Order>()).Add(new NatsUtf8PrimitivesSerializer<Order>()).Add(new NatsJsonContextSerializer<Order>(Context.Default)).Build();
        var buffer = new ArrayBufferWriter<byte>();
        serializer.Serialize(buffer, new Order("o-1", 3));
        Assert.Equal(new Order("o-1", 3), serializer.Deserialize(new ReadOnlySequence<byte>(buffer.WrittenMemory)));
    }

    private static void RoundTrip<T>(T value, string text)
    {
        Assert.Equal(text, Encoding.UTF8.GetString(Write(value)));
        Assert.Equal(value, Read<T>(Encoding.UTF8.GetBytes(text)));
    }

    private static NatsMemoryOwner<byte> Own(byte[] bytes)
    {
        var owner = NatsMemoryOwner<byte>.Allocate(bytes.Length);
        bytes.CopyTo(owner.Span);
        return owner;
    }

    private static byte[] Write<T>(T value, INatsSerializerRegistry? registry = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        (registry ?? NatsDefaultSerializerRegistry.Default).GetSerializer<T>().Serialize(buffer, value);
        return buffer.WrittenSpan.ToArray();
    }

    private static T? Read<T>(byte[] bytes, INatsSerializerRegistry? registry = null) =>
        (registry ?? NatsDefaultSerializerRegistry.Default).GetDeserializer<T>().Deserialize(new ReadOnlySequence<byte>(bytes));

    internal sealed record Order(string Id, int Quantity);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Order))]
    private sealed partial class Context : JsonSerializerContext;
}
