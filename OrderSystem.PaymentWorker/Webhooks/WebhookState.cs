namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>State of a webhook in the inbox, in the database by its name in lower case.</summary>
internal enum WebhookState
{
    /// <summary>It waits to be applied.</summary>
    Waiting,

    /// <summary>The payment is as it says.</summary>
    Applied,

    /// <summary>It says nothing about a payment of this system, or an operator has discarded it.</summary>
    Ignored,

    /// <summary>It cannot be applied: a dead letter.</summary>
    Dead,
}

/// <summary>Names of the states.</summary>
internal static class WebhookStates
{
    internal static readonly string[] Names = [.. Enum.GetNames<WebhookState>().Select(name => name.ToLowerInvariant())];

    internal static string ToName(this WebhookState state) => Names[(int)state];
}
