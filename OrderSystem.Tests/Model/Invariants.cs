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
        if (world.Provider.GivenBack.GroupBy(part => part.Refund).FirstOrDefault(made => made.Key != 0 && made.Count() > 1) is { } again)
            return $"I3: refund {again.Key} was made {again.Count()} times";
        if (world.Worker.Events.Where(stored => stored.Refund != 0).GroupBy(stored => stored.Refund)
            .FirstOrDefault(ended => ended.Count() > 1) is { } twiceEnded)
            return $"I6: refund {twiceEnded.Key} ended twice";
        if (world.Parts.Where(part => part.State == PartState.Succeeded).Sum(part => part.Amount) > World.ChargedAmount)
            return "I4: more than the charge was refunded";
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

        if (world.Api.Outbox.Concat(world.Worker.Outbox).FirstOrDefault() is { } left)
            return $"I2: {left.Event} stays in the outbox";
        return Parts();
    }

    /// <summary>Every requested refund ended as the provider's ledger has it, and is told; so is what was given back there.</summary>
    private string? Parts()
    {
        if (world.Parts.Find(part => part.State == PartState.Pending) is { } open)
            return $"I5: refund {open.Id} stays pending";
        var (made, known) = (world.Provider.GivenBack.Select(part => part.Id), world.Parts
            .Where(part => part.State == PartState.Succeeded).Select(part => part.Made));
        if (!made.Order().SequenceEqual(known.Order()))
            return $"I5: the provider has made the refunds {string.Join(',', made)}, and {string.Join(',', known)} are known";
        foreach (var refund in world.Requested)
        {
            if (!world.Told.TryGetValue(refund, out var told))
                return $"I5: refund {refund} was requested and never told of";
            if (told == Kind.PartRefunded != (world.Provider.FindPart(refund) is not null))
                return $"I5: refund {refund} was told as {told}";
        }

        return null;
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
