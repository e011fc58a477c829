namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>How a provider signs and writes its webhooks.</summary>
internal interface IWebhookFormat
{
    /// <summary>How far the time of a signature may be from now. An older webhook may be a replayed one.</summary>
    internal static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether one of the secrets has signed the raw body, within the tolerance. Whatever is wrong, the same computation is made over the
    /// whole body and each secret, and signatures are compared in constant time: the duration tells nothing about the reason.
    /// </summary>
    bool IsAuthentic(IHeaderDictionary headers, ReadOnlyMemory<byte> body, IReadOnlyList<string> secrets, DateTimeOffset now);

    /// <summary>Reads an authentic webhook; null when it is not in the provider's format.</summary>
    WebhookEvent? Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body);
}
