using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;

namespace OrderSystem.Messaging.JetStream;

/// <summary>Which handler processes an event of a consumer.</summary>
public sealed class EventRoutes
{
    private readonly Dictionary<string, Func<IServiceProvider, EventRoute>> routes = new(StringComparer.Ordinal);
    private readonly IServiceCollection services;

    internal EventRoutes(IServiceCollection services) => this.services = services;

    /// <summary>Routes events of the type to the handler, which is a singleton.</summary>
    public EventRoutes On<TEvent, THandler>()
        where TEvent : class, IOrderEvent
        where THandler : class, IEventHandler<TEvent>
    {
        services.TryAddSingleton<THandler>();
        var type = EventType.Of<TEvent>();
        routes.Add(type.Name, provider => new EventRoute<TEvent>(type, provider.GetRequiredService<THandler>()).HandleAsync);
        return this;
    }

    /// <summary>The routes with their handlers.</summary>
    internal EventDispatcher Build(IServiceProvider provider) =>
        new(routes.ToDictionary(route => route.Key, route => route.Value(provider), StringComparer.Ordinal));

    private sealed class EventRoute<TEvent>(EventType type, IEventHandler<TEvent> handler)
        where TEvent : class, IOrderEvent
    {
        internal Task<HandlingResult> HandleAsync(ReceivedEnvelope envelope, byte[]? data, CancellationToken cancellationToken) =>
            envelope.TryReadBody<TEvent>(data, type, out var body, out var problem)
                ? handler.HandleAsync(new(envelope, body), cancellationToken)
                : Task.FromResult(HandlingResult.Reject(problem));
    }
}

/// <summary>Handles an event of one type.</summary>
internal delegate Task<HandlingResult> EventRoute(ReceivedEnvelope envelope, byte[]? data, CancellationToken cancellationToken);

/// <summary>Dispatches an event to its handler by its type.</summary>
internal sealed class EventDispatcher(IReadOnlyDictionary<string, EventRoute> routes)
{
    internal Task<HandlingResult> HandleAsync(ReceivedEnvelope envelope, byte[]? data, CancellationToken cancellationToken)
    {
        if (routes.TryGetValue(envelope.Type, out var route))
            return route(envelope, data, cancellationToken);

        // A known event without a route is none of this consumer's business; an unknown one becomes a dead letter.
        return Task.FromResult(EventType.Find(envelope.Type) is not null
            ? HandlingResult.Done
            : HandlingResult.Reject($"{envelope.Type} is not a known event type"));
    }
}
