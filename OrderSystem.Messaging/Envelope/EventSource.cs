namespace OrderSystem.Messaging.Envelope;

/// <summary>The <c>ce-source</c> of a service's events.</summary>
/// <param name="Uri">A URI reference, such as <c>/order-api</c>.</param>
internal sealed record EventSource(string Uri);
