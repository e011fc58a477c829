namespace OrderSystem.Tests.Model;

/// <summary>One atomic step: a transaction, a publish, an acknowledgement, a call, a crash, or time passing.</summary>
/// <param name="What">The step.</param>
/// <param name="Who">The instance that takes it, or the order that it is about.</param>
/// <param name="On">The row, message or order that it works on.</param>
internal readonly record struct Step(Do What, int Who = 0, int On = 0)
{
    public override string ToString() => What == Do.Heals ? "| heals |" : $"{What}({Who},{On})";
}

/// <summary>The steps of the real processes, in the order in which the healing phase prefers them.</summary>
internal enum Do
{
    // Relays; On counts those of the order service first.
    Claim,
    Publish,
    Delete,

    // Workers.
    Receive,
    Handle,
    LookUp,
    ChargeSucceeds,
    ChargeDeclines,
    Record,
    Tell,
    Refund,
    RecordRefund,
    Acknowledge,

    // The API's consumer.
    ReceiveResult,
    ApplyResult,
    AcknowledgeResult,

    // Open payments.
    Reconcile,

    // Clients.
    Place,
    Cancel,

    // Time.
    RowLeaseEnds,
    PaymentLeaseEnds,
    Redeliver,
    Sweep,
    Redrive,

    // What goes wrong.
    AckOfPublishLost,
    PublishLost,
    RelayDies,
    WorkerDies,
    ConsumerDies,
    AnswerLost,
    CallFails,
    CallHasNoEffect,
    LookUpFails,
    RefundAnswerLost,
    AckLost,
    ConsumerMadeAgain,
    WindowOver,
    MessageLost,
    StoreLost,
    PaymentRestored,
    KeysForgotten,
    RefundedByHand,

    /// <summary>From here on nothing goes wrong.</summary>
    Heals,
}
