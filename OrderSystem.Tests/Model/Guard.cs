namespace OrderSystem.Tests.Model;

/// <summary>What the algorithm relies on. A world can leave one of them out, and then something has to go wrong.</summary>
public enum Guard
{
    /// <summary>A row of the outbox is deleted after its acknowledgement, never before.</summary>
    DeleteAfterAck,

    /// <summary>Relays take only the oldest waiting event of each order.</summary>
    OldestFirst,

    /// <summary>A message is acknowledged after the commit of what it led to.</summary>
    AckAfterCommit,

    /// <summary>An event that was received before is not taken in again.</summary>
    Inbox,

    /// <summary>A final status never changes.</summary>
    FinalStatus,

    /// <summary>The provider key is written before the first call and stays.</summary>
    ProviderKeyKept,

    /// <summary>The provider key is derived from the order: the same after a restore.</summary>
    ProviderKeyDerived,

    /// <summary>An event that was there before, or that is old, leads to a look-up before the first call.</summary>
    LookUpInDoubt,

    /// <summary>A payment whose key the provider may have forgotten is looked up before it is charged again.</summary>
    LookUpWhenKeyIsOld,

    /// <summary>A cancellation that finds no payment leads to a look-up.</summary>
    CancellationIsLookedUp,

    /// <summary>That a cancelled order has no charge counts once no call can be on its way.</summary>
    CallsSettleFirst,

    /// <summary>That a call had no effect says nothing of the calls before it.</summary>
    EarlierCallsRemembered,

    /// <summary>A refund that the provider refuses is looked up: it may have been made.</summary>
    RefusedRefundIsLookedUp,

    /// <summary>One worker at a time asks the provider about an order.</summary>
    Lease,

    /// <summary>A call without an answer is unknown, not failed.</summary>
    LostAnswerIsUnknown,

    /// <summary>The outcome and its event are one transaction.</summary>
    OutcomeWithItsEvent,

    /// <summary>Only an open payment takes an outcome.</summary>
    OutcomeOnce,

    /// <summary>A cancellation that comes before the order holds its place.</summary>
    CancellationHoldsPlace,

    /// <summary>A charge that succeeds after the cancellation goes on to its refund.</summary>
    LateSuccessIsRefunded,

    /// <summary>The refund key is written before the first call and stays.</summary>
    RefundKeyKept,

    /// <summary>Events of orders that wait too long are sent again.</summary>
    Sweeper,

    /// <summary>The events of a cancelled order are sent again more than once.</summary>
    CancellationSweptAgain,

    /// <summary>A duplicate of a finished payment sends its outcome again.</summary>
    OutcomeOfferedAgain,

    /// <summary>What is sent again gets a new message id.</summary>
    NewMessageId,
}
