namespace OrderSystem.Tests.Model;

/// <summary>
/// The invariants, checked after every step and in the idle system after its recovery. Each check returns the violation, or null.
/// </summary>
internal sealed class Invariants(World world)
{
    private readonly OrderState[] orders = new OrderState[World.OrderCount];
    private readonly PaymentState[] payments = new PaymentState[World.OrderCount];
    private readonly int[] incarnations = new int[World.OrderCount];

    /// <summary>What must hold at any moment.</summary>
    internal string? AfterStep()
    {
        for (var order = 0; order < World.OrderCount; order++)
        {
            if (world.Provider.Charged.Count(charged => charged == order) > 1)
                return $"I3: order {order} was charged twice";
            if (world.Provider.Refunded.Count(refunded => refunded == order) > 1)
                return $"I3: order {order} was refunded twice";
            if (Backwards(ref orders[order], world.Orders[order].State, IsFinal))
                return $"I6: order {order} was final and is {world.Orders[order].State} now";
            if (incarnations[order] != world.Incarnations[order])
                (incarnations[order], payments[order]) = (world.Incarnations[order], PaymentState.None);
            if (Backwards(
                ref payments[order],
                world.Payments[order].State,
                state => state is PaymentState.Declined or PaymentState.Cancelled or PaymentState.Refunded))
                return $"I6: the payment of order {order} was final and is {world.Payments[order].State} now";
        }

        if (world.Provider.Charged.Exists(order => world.Orders[order].State == OrderState.None))
            return "I4: an order that does not exist was charged";
        if (world.Effects.FirstOrDefault(effect => effect.Value > 1).Key is { } twice)
            return $"I6: {twice} took effect twice";
        if (world.Overlaps > 0)
            return "I9: two workers called the provider for one order at once";
        return Events(world.Api) ?? Events(world.Worker);
    }

    /// <summary>What must hold in the idle system.</summary>
    internal string? WhenIdle()
    {
        for (var order = 0; order < World.OrderCount; order++)
        {
            var (state, payment) = (world.Orders[order].State, world.Payments[order].State);
            if (state == OrderState.None)
                continue;
            var kept = world.Provider.Charged.Count(charged => charged == order)
                - world.Provider.Refunded.Count(refunded => refunded == order);
            if (state == OrderState.Pending)
                return $"I5: order {order} stays pending, its payment is {payment}";
            if (kept != (state == OrderState.Paid ? 1 : 0))
                return $"I5: order {order} is {state} and the ledger holds {kept} charges of it";
            if (payment is PaymentState.Charging or PaymentState.Unknown or PaymentState.Processing or PaymentState.Refunding)
                return $"I5: the payment of order {order} stays {payment}";
        }

        return world.Api.Outbox.Concat(world.Worker.Outbox).FirstOrDefault() is { } left ? $"I2: {left.Event} stays in the outbox" : null;
    }

    private static string? Events(Service service)
    {
        var lost = service.Events.Find(
            stored => !service.Acknowledged.Contains(stored) && service.Outbox.TrueForAll(row => row.Event != stored));
        if (lost is not null)
            return $"I2: {lost} is committed and neither acknowledged by its stream nor in the outbox";
        var early = service.Acknowledged.Where((stored, place) => service.Acknowledged.Skip(place).Any(later =>
            later.Order == stored.Order && later.Incarnation == stored.Incarnation && later.Version < stored.Version)).FirstOrDefault();
        return early is null ? null : $"I6: {early} was published before an earlier event of its order";
    }

    private static bool Backwards<T>(ref T before, T now, Func<T, bool> isFinal)
        where T : struct, Enum
    {
        var changed = isFinal(before) && !before.Equals(now);
        before = now;
        return changed;
    }

    private static bool IsFinal(OrderState state) => state is OrderState.Paid or OrderState.Failed or OrderState.Cancelled;
}
