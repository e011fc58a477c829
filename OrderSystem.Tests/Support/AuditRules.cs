namespace OrderSystem.Tests.Support;

/// <summary>Checks the invariants I1 to I7 and returns every violation.</summary>
internal static class AuditRules
{
    private static readonly string[] Final = ["paid", "paymentFailed", "cancelled", "manualReview"];

    internal static IReadOnlyList<string> Check(AuditSnapshot snapshot, LoadHistory history, AuditScope scope) =>
    [
        .. Requests(snapshot, history).Select(text => $"I1 {text}"),
        .. Events(snapshot, snapshot.OrderApi, scope).Concat(Events(snapshot, snapshot.Worker, scope)).Select(text => $"I2 {text}"),
        .. Twice(snapshot).Select(text => $"I3 {text}"),
        .. Charges(snapshot).Select(text => $"I4 {text}"),
        .. Statuses(snapshot).Select(text => $"I5 {text}"),
        .. Sequences(snapshot, scope).Select(text => $"I6 {text}"),
        .. snapshot.DeadLetters > scope.DeadLetters
            ? [$"I7 there are {snapshot.DeadLetters} dead letters, expected at most {scope.DeadLetters}"]
            : Array.Empty<string>(),
    ];

    private static IEnumerable<string> Requests(AuditSnapshot snapshot, LoadHistory history)
    {
        var byCustomer = snapshot.Orders.ToLookup(order => order.CustomerId, StringComparer.Ordinal);
        foreach (var request in history.Requests)
        {
            var stored = byCustomer[request.CustomerId].ToArray();
            var answered = request.Attempts.Where(attempt => attempt.OrderId is not null).Select(attempt => attempt.OrderId!.Value)
                .Distinct().ToArray();
            if (answered.Length > 1)
                yield return $"key {request.Key} was answered with {answered.Length} orders";
            foreach (var id in answered.Where(id => stored.All(order => order.Id != id)))
                yield return $"order {id} of key {request.Key} was answered with 2xx and does not exist";
            if (stored.Length > 1)
                yield return $"one key created {stored.Length} orders, {string.Join(", ", stored.Select(order => order.Id))}: {request}";
            foreach (var order in stored.Where(order => order.Total != request.Total || order.Currency != request.Currency))
                yield return $"order {order.Id} has {order.Total} {order.Currency}, requested were {request.Total} {request.Currency}";
        }

        foreach (var attempt in history.Unexpected)
            yield return $"unexpected response: {(int?)attempt.Status} {attempt.Error}";
    }

    private static IEnumerable<string> Events(AuditSnapshot snapshot, AuditService service, AuditScope scope)
    {
        foreach (var waiting in service.Outbox)
            yield return $"{service.Name} has event {waiting.Version} of order {waiting.OrderId} in its outbox: {waiting.LastError}";
        var inStream = service.Stream.ToLookup(message => message.EventId);
        var committed = service.Events.ToDictionary(stored => stored.EventId);
        var final = snapshot.Orders.Where(order => Final.Contains(order.Status)).Select(order => order.Id).ToHashSet();
        foreach (var stored in service.Events.Where(
            stored => !inStream.Contains(stored.EventId) && !(scope.StreamsWereLost && final.Contains(stored.OrderId))))
            yield return $"{stored.Type} of order {stored.OrderId} is committed and neither in its stream nor in the outbox";
        foreach (var message in service.Stream.Where(message => !committed.ContainsKey(message.EventId)))
            yield return $"message {message.Sequence} on {message.Subject} is of event {message.EventId}, which is not committed";
        foreach (var copies in service.Stream.GroupBy(message => message.MessageId, StringComparer.Ordinal)
            .Where(copies => copies.Count() > 1))
            yield return $"message id {copies.Key} is {copies.Count()} times in its stream";
        if (service.Name == "order-api")
        {
            var created = service.Events.Where(stored => stored.Version == 1).Select(stored => stored.OrderId).ToHashSet();
            foreach (var order in snapshot.Orders.Where(order => !created.Contains(order.Id)))
                yield return $"order {order.Id} has no event";
        }
    }

    private static IEnumerable<string> Twice(AuditSnapshot snapshot)
    {
        foreach (var charges in snapshot.Ledger.Where(line => line.IsCharge).GroupBy(line => line.OrderId, StringComparer.Ordinal)
            .Where(charges => charges.Count() > 1))
            yield return $"order {charges.Key} was charged {charges.Count()} times: "
                + string.Join(", ", charges.Select(charge => $"{charge.Id} under {charge.Key}"));
        foreach (var refunds in snapshot.Ledger.Where(line => line.IsRefund).GroupBy(line => line.ChargeId, StringComparer.Ordinal)
            .Where(refunds => refunds.Sum(refund => refund.Amount) > snapshot.Ledger.Single(line => line.Id == refunds.Key).Amount))
            yield return $"charge {refunds.Key} was refunded {refunds.Sum(refund => refund.Amount)}, more than it was: "
                + string.Join(", ", refunds.Select(refund => $"{refund.Id} under {refund.Key}"));
        foreach (var refunds in snapshot.Ledger.Where(line => line is { IsRefund: true, Reference: not null })
            .GroupBy(line => line.Reference, StringComparer.Ordinal).Where(refunds => refunds.Count() > 1))
            yield return $"refund {refunds.Key} was made {refunds.Count()} times: "
                + string.Join(", ", refunds.Select(refund => $"{refund.Id} under {refund.Key}"));
        foreach (var order in snapshot.ChargedTwice)
            yield return $"the provider reports that it charged order {order} twice";
    }

    private static IEnumerable<string> Charges(AuditSnapshot snapshot)
    {
        var orders = snapshot.Orders.ToDictionary(order => order.Id.ToString(), StringComparer.OrdinalIgnoreCase);
        var payments = snapshot.Payments.ToDictionary(payment => payment.OrderId.ToString(), StringComparer.OrdinalIgnoreCase);
        foreach (var charge in snapshot.Ledger.Where(line => line.Kind == "charge"))
        {
            if (!orders.TryGetValue(charge.OrderId!, out var order))
                yield return $"charge {charge.Id} is of order {charge.OrderId}, which does not exist";
            else if (order.Total != charge.Amount || order.Currency != charge.Currency)
                yield return $"charge {charge.Id} is {charge.Amount} {charge.Currency}, order {order.Id} is {order.Total} {order.Currency}";
            if (!payments.TryGetValue(charge.OrderId!, out var payment))
                yield return $"charge {charge.Id} has no payment";
            else if (!charge.Key.Contains(payment.ProviderKey.ToString(), StringComparison.OrdinalIgnoreCase))
                yield return $"charge {charge.Id} was made under key {charge.Key}, the payment's is {payment.ProviderKey}";
        }
    }

    private static IEnumerable<string> Statuses(AuditSnapshot snapshot)
    {
        var charged = snapshot.Ledger.Where(line => line.IsCharge).ToLookup(line => line.OrderId!, StringComparer.OrdinalIgnoreCase);
        var refunded = snapshot.Ledger.Where(line => line.IsRefund).ToLookup(line => line.ChargeId!, StringComparer.Ordinal);
        var chargedBack = snapshot.Ledger.Where(line => line.IsChargeback).ToLookup(line => line.ChargeId!, StringComparer.Ordinal);
        var payments = snapshot.Payments.ToDictionary(payment => payment.OrderId);
        foreach (var order in snapshot.Orders)
        {
            var charges = charged[order.Id.ToString()].ToArray();
            var kept = charges.Sum(charge => charge.Amount - refunded[charge.Id].Sum(refund => refund.Amount));
            var wanted = order.Status switch
            {
                "paid" => order.Total - order.Refunded,
                "manualReview" => kept,

                // Of what the customer has charged back nothing is left to refund.
                _ => charges.Sum(charge => chargedBack[charge.Id].Sum(line => line.Amount)),
            };
            if (!Final.Contains(order.Status))
                yield return $"order {order.Id} is {order.Status}";
            else if (kept != wanted)
                yield return $"order {order.Id} is {order.Status}, and the ledger holds {kept} of its {order.Total}, expected {wanted}";
            if (charges is [var charge]
                && payments.TryGetValue(order.Id, out var payment) && payment.Reference is { } reference && reference != charge.Id)
                yield return $"the payment of order {order.Id} refers to {reference}, the ledger holds {charge.Id}";
            if (charges.Length > 0
                && payments.TryGetValue(order.Id, out payment) && payment.Status is "charging" or "unknown" or "processing" or "declined")
                yield return $"order {order.Id} was charged and its payment is {payment.Status}";
        }
    }

    private static IEnumerable<string> Sequences(AuditSnapshot snapshot, AuditScope scope)
    {
        foreach (var service in new[] { snapshot.OrderApi, snapshot.Worker })
        {
            foreach (var events in service.Events.GroupBy(stored => stored.OrderId))
            {
                if (!events.Select(stored => stored.Version).Order().SequenceEqual(Enumerable.Range(1, events.Count())))
                    yield return $"{service.Name} numbered the events of order {events.Key} "
                        + string.Join(", ", events.Select(stored => stored.Version).Order());
            }

            // The first copies may have been in a store that was lost: a republished event then follows later events of its order.
            foreach (var messages in service.Stream.GroupBy(message => message.OrderId).Where(_ => !scope.StreamsWereLost))
            {
                var first = messages.OrderBy(message => message.Sequence).DistinctBy(message => message.EventId)
                    .Select(message => message.Version).ToArray();
                if (!first.SequenceEqual(first.Order()))
                    yield return $"the events of order {messages.Key} were published in the order {string.Join(", ", first)}";
            }
        }

        // The inbox of each service holds the events of the other one, which makes the next delivery a duplicate.
        var paid = snapshot.Orders.Where(order => order.Status is "paid" or "paymentFailed").Select(order => order.Id).ToHashSet();
        foreach (var stored in snapshot.Worker.Events.Where(
            stored => paid.Contains(stored.OrderId) && !snapshot.OrderApi.Inbox.Contains(stored.EventId)))
            yield return $"{stored.Type} of order {stored.OrderId} is not in the order API's inbox";
        // An open payment continues without its message. When that was lost with its store, it never reaches the inbox.
        var inStream = snapshot.OrderApi.Stream.Select(message => message.EventId).ToHashSet();
        foreach (var stored in snapshot.OrderApi.Events.Where(stored =>
            paid.Contains(stored.OrderId) && !snapshot.Worker.Inbox.Contains(stored.EventId)
            && !(scope.StreamsWereLost && !inStream.Contains(stored.EventId))))
            yield return $"{stored.Type} of order {stored.OrderId} is not in the worker's inbox";
    }
}
