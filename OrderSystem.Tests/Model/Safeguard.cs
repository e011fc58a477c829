namespace OrderSystem.Tests.Model;

/// <summary>The safeguards that the algorithm relies on. A world can leave one out, and then an invariant has to break.</summary>
public enum Safeguard
{
    /// <summary>A row of the outbox is deleted after its acknowledgement, never before.</summary>
    DeleteAfterAck,

    /// <summary>Relays take only the oldest waiting event of each order.</summary>
    OldestFirst,

    /// <summary>A message is acknowledged after the commit of what it led to.</summary>
    AckAfterCommit,

    /// <summary>An event that was processed before is not applied again.</summary>
    Inbox,

    /// <summary>A final status never changes.</summary>
    FinalStatus,

    /// <summary>The provider key is written before the first call and stays.</summary>
    ProviderKeyKept,

    /// <summary>The provider key is derived from the order, so that it is the same after a restore.</summary>
    ProviderKeyDerived,

    /// <summary>A redelivered, republished or old event leads to a look-up before the first call.</summary>
    LookUpInDoubt,

    /// <summary>A payment whose key the provider may have forgotten is looked up before it is charged again.</summary>
    LookUpWhenKeyIsOld,

    /// <summary>A cancellation that finds no payment leads to a look-up.</summary>
    CancellationIsLookedUp,

    /// <summary>A cancelled order counts as not charged only when no call can be in flight.</summary>
    CallsSettleFirst,

    /// <summary>A call without effect says nothing about the calls before it.</summary>
    EarlierCallsRemembered,

    /// <summary>A refund that the provider rejects is looked up, because it may have been made.</summary>
    RejectedRefundIsLookedUp,

    /// <summary>A payment that the provider is processing is only looked up, and never charged again.</summary>
    ProcessingNeverChargedAgain,

    /// <summary>A payment that the provider is processing is looked up, because its webhook may be lost.</summary>
    ProcessingIsLookedUp,

    /// <summary>A webhook never changes a final outcome.</summary>
    WebhookLeavesFinalOutcome,

    /// <summary>Only one worker at a time calls the provider for an order.</summary>
    Lease,

    /// <summary>A call without a response has an unknown outcome and has not failed.</summary>
    LostResponseIsUnknown,

    /// <summary>The outcome and its event are committed in one transaction.</summary>
    OutcomeWithItsEvent,

    /// <summary>Only an open payment takes an outcome.</summary>
    OutcomeOnce,

    /// <summary>A cancellation that arrives before its order creates the payment.</summary>
    CancellationCreatesPayment,

    /// <summary>A charge that succeeds after the cancellation is refunded.</summary>
    LateSuccessIsRefunded,

    /// <summary>The refund key is written before the first call and stays.</summary>
    RefundKeyKept,

    /// <summary>The key of a part is derived from the refund, so that it is the same after a restore, and is never replaced.</summary>
    PartKeyDerived,

    /// <summary>A part whose key may be forgotten at the provider, or that a restore may have lost, is looked up first.</summary>
    PartIsLookedUp,

    /// <summary>A refund that is requested again is the same refund.</summary>
    PartRequestedOnce,

    /// <summary>What was given back at the provider is told once, however many webhooks report it.</summary>
    GivenBackToldOnce,

    /// <summary>A part ends once.</summary>
    PartEndsOnce,

    /// <summary>The events of stalled orders are republished.</summary>
    StalledOrdersRepublished,

    /// <summary>The events of a cancelled order are republished more than once.</summary>
    CancellationRepublishedAgain,

    /// <summary>A duplicate event of a finished payment republishes its outcome.</summary>
    OutcomeRepublished,

    /// <summary>A republished event gets a new message id.</summary>
    NewMessageId,
}
