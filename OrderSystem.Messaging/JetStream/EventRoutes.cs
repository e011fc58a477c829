using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Which handler an event of a consumer goes to.</summary>
public sealed class EventRoutes
{
    private readonly Dictionary<string, Route> routes = new(StringComparer.Ordinal);
    private readonly IServiceCollection services;

    internal EventRoutes(IServiceCollection services) => this.services = services;

    internal delegate Task<HandlingResult> Route(IServiceProvider services, ReceivedEnvelope envelope, byte[]? body, CancellationToken cancellationToken);

    /// <summary>Sends events of the type to the handler, which is a singleton.</summary>
    public EventRoutes On<TEvent, THandler>()
        where TEvent : class, IOrderEvent
        where THandler : class, IEventHandler<TEvent>
    {
        services.TryAddSingleton<THandler>();
        var type = EventType.Of<TEvent>();
        routes.Add(type.Name, (provider, envelope, data, cancellationToken) =>
            envelope.TryReadBody<TEvent>(data, type, out var body, out var problem)
                ? provider.GetRequiredService<THandler>().HandleAsync(new(envelope, body), cancellationToken)
                : Task.FromResult(HandlingResult.Reject(problem)));
        return this;
    }

    internal Task<HandlingResult> HandleAsync(IServiceProvider provider, ReceivedEnvelope envelope, byte[]? body, CancellationToken cancellationToken)
    {
        if (routes.TryGetValue(envelope.Type, out var route))
            return route(provider, envelope, body, cancellationToken);

        // An event of the system that is no concern of this consumer is done; one that nobody knows is kept for a look.
        return Task.FromResult(EventType.Find(envelope.Type) is not null ? HandlingResult.Done : HandlingResult.Reject($"{envelope.Type} is not a known event type"));
    }
}
