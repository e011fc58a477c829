namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>The states of a webhook in the inbox.</summary>
internal static class WebhookStates
{
    /// <summary>It waits to be applied.</summary>
    internal const string Waiting = "waiting";

    /// <summary>The payment is as it says.</summary>
    internal const string Applied = "applied";

    /// <summary>It says nothing about a payment of this system, or an operator has discarded it.</summary>
    internal const string Ignored = "ignored";

    /// <summary>It cannot be applied: a dead letter.</summary>
    internal const string Dead = "dead";

    internal static readonly string[] All = [Waiting, Applied, Ignored, Dead];
}
