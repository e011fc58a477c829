using System.Text.Json.Nodes;

namespace OrderSystem.Messaging.JetStream;

/// <summary>The declared streams and consumers of the system.</summary>
public static class Topology
{
    /// <summary>Stream of the events about orders.</summary>
    public const string Orders = "ORDERS";

    /// <summary>Stream of the events about payments.</summary>
    public const string Payments = "PAYMENTS";

    /// <summary>Stream of dead letters, on subjects of its own.</summary>
    public const string DeadLetters = "DEAD_LETTERS";

    /// <summary>The streams of events.</summary>
    internal static IReadOnlyList<string> EventStreams { get; } = [Orders, Payments];

    /// <summary>Bytes of an event with its headers. A dead letter has additional headers.</summary>
    private const int MaxEvent = 64 * 1024;

    /// <summary>The worker's consumer of <see cref="Orders"/>.</summary>
    public static ConsumerDeclaration OrderProcessor { get; } = new(Orders, "ORDER_PROCESSOR");

    /// <summary>The order API's consumer of <see cref="Payments"/>.</summary>
    public static ConsumerDeclaration PaymentResults { get; } = new(Payments, "PAYMENT_RESULTS");

    /// <summary>All consumers.</summary>
    internal static IReadOnlyList<ConsumerDeclaration> Consumers { get; } = [OrderProcessor, PaymentResults];

    /// <summary>All streams.</summary>
    internal static IReadOnlyList<StreamDeclaration> Streams { get; } =
    [
        new(Orders, "orders.*", MaxEvent),
        new(Payments, "payments.*", MaxEvent),
        new(DeadLetters, DeadLetterFormat.AllSubjects, MaxEvent + (8 * 1024)),
    ];

    /// <summary>A duration in the server's unit, nanoseconds.</summary>
    internal static long Nanoseconds(TimeSpan duration) => duration.Ticks * 100;
}

/// <summary>A stream with limits retention: it keeps messages up to their maximum age, acknowledged or not.</summary>
internal sealed record StreamDeclaration(string Name, string Subjects, int MaxMessage)
{
    /// <summary>
    /// Limits retention: work-queue and interest streams forget acknowledged ids on a restart. Discard new: a full stream must refuse an
    /// event, which its outbox then keeps, and never drop the oldest order in silence. What is null must not be set: each of
    /// these would lose, change or withhold events. What does not stand here is an operator's, such as max_bytes, placement,
    /// compression or a description.
    /// </summary>
    internal JsonObject ToConfig(JetStreamOptions options) => new()
    {
        ["name"] = Name,
        ["subjects"] = new JsonArray(Subjects),
        ["retention"] = "limits",
        ["storage"] = "file",
        ["discard"] = "new",
        ["max_age"] = Topology.Nanoseconds(options.MaxAge),
        ["max_msgs"] = -1,
        ["max_msgs_per_subject"] = -1,
        ["max_consumers"] = -1,
        ["max_msg_size"] = MaxMessage,
        ["duplicate_window"] = Topology.Nanoseconds(TimeSpan.FromMinutes(10)),
        ["num_replicas"] = options.Replicas,
        ["no_ack"] = null,
        ["sealed"] = null,
        ["mirror"] = null,
        ["sources"] = null,
        ["subject_transform"] = null,
        ["republish"] = null,
        ["discard_new_per_subject"] = null,
        ["allow_rollup_hdrs"] = null,
        ["allow_msg_ttl"] = null,
        ["persist_mode"] = null,
    };
}

/// <summary>A durable pull consumer with explicit acknowledgement.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Name">Its durable name.</param>
public sealed record ConsumerDeclaration(string Stream, string Name)
{
    /// <summary>
    /// No limit on deliveries: a message at its limit would stay in the stream undelivered and unannounced. No backoff: it overrides
    /// ack_wait and adds to the delays of NAKs. What is null must not be set: it would withhold messages or parts of
    /// them, or end the consumer.
    /// </summary>
    internal JsonObject ToConfig(JetStreamOptions options) => new()
    {
        ["name"] = Name,
        ["durable_name"] = Name,
        ["ack_policy"] = "explicit",
        ["deliver_policy"] = "all",
        ["replay_policy"] = "instant",
        ["ack_wait"] = Topology.Nanoseconds(options.AckWait),
        ["max_deliver"] = -1,
        ["max_ack_pending"] = options.MaxAckPending,
        ["deliver_subject"] = null,
        ["deliver_group"] = null,
        ["filter_subject"] = null,
        ["filter_subjects"] = null,
        ["headers_only"] = null,
        ["backoff"] = null,
        ["inactive_threshold"] = null,
        ["opt_start_seq"] = null,
        ["opt_start_time"] = null,
        ["rate_limit_bps"] = null,
        ["max_batch"] = null,
        ["max_expires"] = null,
        ["max_bytes"] = null,
        ["mem_storage"] = null,
        ["pause_until"] = null,
        ["priority_groups"] = null,
        ["priority_policy"] = null,
    };
}
