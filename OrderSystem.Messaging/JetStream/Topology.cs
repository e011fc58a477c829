using NATS.Client.JetStream.Models;

namespace OrderSystem.Messaging.JetStream;

/// <summary>The streams and consumers of the system: the one declaration that the servers are compared with.</summary>
public static class Topology
{
    /// <summary>Stream of the events about orders.</summary>
    public const string Orders = "ORDERS";

    /// <summary>Stream of the events about payments.</summary>
    public const string Payments = "PAYMENTS";

    /// <summary>Stream of what could not be processed. Its subjects are none that another stream takes.</summary>
    public const string DeadLetters = "DEAD_LETTERS";

    /// <summary>The streams of events.</summary>
    internal static IReadOnlyList<string> EventStreams { get; } = [Orders, Payments];

    /// <summary>An event with its headers. A dead letter has some more to say.</summary>
    private const int MaxEvent = 64 * 1024;

    /// <summary>The worker's consumer of <see cref="Orders"/>.</summary>
    public static ConsumerDeclaration OrderProcessor { get; } = new(Orders, "ORDER_PROCESSOR");

    /// <summary>The order API's consumer of <see cref="Payments"/>.</summary>
    public static ConsumerDeclaration PaymentResults { get; } = new(Payments, "PAYMENT_RESULTS");

    /// <summary>Every consumer there is.</summary>
    internal static IReadOnlyList<ConsumerDeclaration> Consumers { get; } = [OrderProcessor, PaymentResults];

    /// <summary>Every stream there is.</summary>
    internal static IEnumerable<StreamConfig> Streams(JetStreamOptions options) =>
    [
        Stream(Orders, "orders.*", options),
        Stream(Payments, "payments.*", options),
        Stream(DeadLetters, DeadLetterFormat.AllSubjects, options, MaxEvent + 8 * 1024),
    ];

    /// <summary>
    /// Limits retention: work-queue and interest streams forget acknowledged ids on a restart. Discard new: a full stream must refuse an
    /// event, which its outbox then keeps, and never drop the oldest order in silence.
    /// </summary>
    private static StreamConfig Stream(string name, string subjects, JetStreamOptions options, int maxMessage = MaxEvent) => new(name, [subjects])
    {
        Retention = StreamConfigRetention.Limits,
        Storage = StreamConfigStorage.File,
        Discard = StreamConfigDiscard.New,
        MaxAge = options.MaxAge,
        MaxMsgSize = maxMessage,
        DuplicateWindow = TimeSpan.FromMinutes(10),
        NumReplicas = options.Replicas,
    };
}

/// <summary>A durable pull consumer with explicit acknowledgement.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Name">Its durable name.</param>
public sealed record ConsumerDeclaration(string Stream, string Name)
{
    /// <summary>
    /// No limit on deliveries: a message at its limit would stay in the stream undelivered and unannounced. No BackOff: it overrides
    /// AckWait and adds to the delays of NAKs.
    /// </summary>
    internal ConsumerConfig ToConfig(JetStreamOptions options) => new(Name)
    {
        AckPolicy = ConsumerConfigAckPolicy.Explicit,
        DeliverPolicy = ConsumerConfigDeliverPolicy.All,
        AckWait = options.AckWait,
        MaxDeliver = -1,
        MaxAckPending = options.MaxAckPending,
    };
}
