namespace OrderSystem.Tests.Model;

/// <summary>One atomic step: a transaction, a publish, an acknowledgement, a call, a crash, or time passing.</summary>
/// <param name="What">The step.</param>
/// <param name="Actor">The instance that takes the step, or the order that the step is about.</param>
/// <param name="Target">The row, message or order that it works on.</param>
internal readonly record struct Step(StepKind What, int Actor = 0, int Target = 0)
{
    public override string ToString() => What == StepKind.Recovers ? "| recovers |" : $"{What}({Actor},{Target})";
}

/// <summary>The steps of the real processes, in the order in which the recovery phase prefers them.</summary>
internal enum StepKind
{
    // Relays; the actor counts those of the order API first.
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
    CommitEvent,
    Refund,
    RecordRefund,
    LookUpPart,
    RefundPart,
    RecordPart,
    Acknowledge,

    // The API's consumer.
    ReceiveResult,
    ApplyResult,
    AcknowledgeResult,

    // Open payments.
    Reconcile,
    ReconcilePart,

    // Charges in processing and their webhooks.
    Settle,
    ReceiveWebhook,
    ApplyWebhook,

    // Clients.
    Place,
    Cancel,
    RequestRefund,

    // Time.
    RowLeaseEnds,
    PaymentLeaseEnds,
    PartLeaseEnds,
    Redeliver,
    RepublishStalled,
    Redrive,

    // Faults.
    AckOfPublishLost,
    PublishLost,
    RelayDies,
    WorkerDies,
    ConsumerDies,
    ResponseLost,
    CallFails,
    CallHasNoEffect,
    ChargeIsProcessed,
    WebhookLost,
    WebhookDoubled,
    LookUpFails,
    RefundResponseLost,
    PartResponseLost,
    AckLost,
    ConsumerRecreated,
    DuplicateWindowOver,
    MessageLost,
    StoreLost,
    PaymentRestored,
    KeysForgotten,
    RefundedByHand,
    RefundedAtConsole,
    ChargedBack,

    /// <summary>No fault happens from here on.</summary>
    Recovers,
}
