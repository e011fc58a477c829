using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>The checker that every scenario ends with is itself checked: each thing that could be wrong is made wrong, and has to be noticed.</summary>
public sealed class AuditRulesTests
{
    private static readonly Guid Order = Guid.NewGuid();
    private static readonly Guid Created = Guid.NewGuid();
    private static readonly Guid Succeeded = Guid.NewGuid();
    private static readonly Guid Key = Guid.NewGuid();

    private readonly LoadRequest request = new("key", "customer", 12.5m, "EUR");
    private readonly LoadHistory history = new();
    private readonly AuditSnapshot sound = new()
    {
        Orders = [new(Order, "customer", 12.5m, "EUR", "paid")],
        OrderApi = new("order-api")
        {
            Events = [new(Order, 1, Created, "orders.created.v1")],
            Inbox = new HashSet<Guid> { Succeeded },
            Stream = [new(1, "orders.created", Created.ToString(), Created, Order, 1)],
        },
        Worker = new("payment-worker")
        {
            Events = [new(Order, 1, Succeeded, "payments.succeeded.v1")],
            Inbox = new HashSet<Guid> { Created },
            Stream = [new(1, "payments.succeeded", Succeeded.ToString(), Succeeded, Order, 1)],
        },
        Payments = [new(Order, 12.5m, "EUR", Key, "succeeded", "ch_1")],
        Ledger = [new("charge", "ch_1", Key.ToString(), Order.ToString(), null, 12.5m, "EUR", "succeeded")],
    };

    public AuditRulesTests()
    {
        history.Add(request);
        Answer(Order);
    }

    [Fact]
    public void A_sound_system_has_no_disagreement() => Assert.Empty(AuditRules.Check(sound, history, new()));

    [Fact]
    public void I1_An_accepted_order_that_is_not_there_is_noticed() => Notices("I1", sound with { Orders = [] });

    [Fact]
    public void I1_A_key_that_made_two_orders_is_noticed() => Notices("I1", sound with { Orders = [.. sound.Orders, sound.Orders[0] with { Id = Guid.NewGuid() }] });

    [Fact]
    public void I1_A_key_that_was_answered_with_two_orders_is_noticed()
    {
        Answer(Guid.NewGuid());
        Notices("I1", sound);
    }

    [Fact]
    public void I1_An_answer_that_no_fault_excuses_is_noticed()
    {
        request.Add(new(default, default, new("http://localhost"), LoadOutcome.Unexpected, System.Net.HttpStatusCode.InternalServerError, null, "oops"));
        Notices("I1", sound);
    }

    [Fact]
    public void I2_An_event_left_in_the_outbox_is_noticed() => Notices("I2", sound with { OrderApi = sound.OrderApi with { Outbox = [new(Order, 1, "no answer")] } });

    [Fact]
    public void I2_A_committed_event_that_is_nowhere_is_noticed() => Notices("I2", sound with { Worker = sound.Worker with { Stream = [] } });

    [Fact]
    public void I2_A_message_twice_in_its_stream_is_noticed() =>
        Notices("I2", sound with { OrderApi = sound.OrderApi with { Stream = [sound.OrderApi.Stream[0], sound.OrderApi.Stream[0] with { Sequence = 2 }] } });

    [Fact]
    public void I2_A_message_of_an_event_that_was_never_committed_is_noticed() =>
        Notices("I2", sound with { OrderApi = sound.OrderApi with { Stream = [.. sound.OrderApi.Stream, new(2, "orders.created", "x", Guid.NewGuid(), Order, 1)] } });

    [Fact]
    public void I3_A_second_charge_under_another_key_is_noticed() =>
        Notices("I3", sound with { Ledger = [.. sound.Ledger, sound.Ledger[0] with { Id = "ch_2", Key = Guid.NewGuid().ToString() }] });

    [Fact]
    public void I3_What_the_provider_says_is_noticed() => Notices("I3", sound with { ChargedTwice = [Order.ToString()] });

    [Fact]
    public void I4_A_charge_without_an_order_is_noticed() => Notices("I4", sound with { Ledger = [sound.Ledger[0] with { OrderId = Guid.NewGuid().ToString() }] });

    [Fact]
    public void I4_A_charge_of_another_amount_is_noticed() => Notices("I4", sound with { Ledger = [sound.Ledger[0] with { Amount = 12.51m }] });

    [Fact]
    public void I4_A_charge_under_a_key_that_is_not_the_payments_is_noticed() => Notices("I4", sound with { Ledger = [sound.Ledger[0] with { Key = Guid.NewGuid().ToString() }] });

    [Theory]
    [InlineData("pending")]
    [InlineData("paymentFailed")]
    [InlineData("cancelled")]
    public void I5_A_status_that_the_ledger_does_not_agree_with_is_noticed(string status) => Notices("I5", sound with { Orders = [sound.Orders[0] with { Status = status }] });

    [Fact]
    public void I5_A_paid_order_without_a_charge_is_noticed() => Notices("I5", sound with { Ledger = [] });

    [Fact]
    public void I5_A_charge_that_the_payment_does_not_know_is_noticed() => Notices("I5", sound with { Payments = [sound.Payments[0] with { Reference = "ch_9" }] });

    [Fact]
    public void I6_A_gap_in_the_events_is_noticed() => Notices("I6", sound with { OrderApi = sound.OrderApi with { Events = [sound.OrderApi.Events[0] with { Version = 2 }] } });

    [Fact]
    public void I6_Events_that_overtook_each_other_are_noticed()
    {
        var second = new AuditMessage(1, "orders.cancelled", "2", Guid.NewGuid(), Order, 2);
        Notices("I6", sound with { OrderApi = sound.OrderApi with { Stream = [second, sound.OrderApi.Stream[0] with { Sequence = 2 }] } });
    }

    [Fact]
    public void I6_An_event_that_never_took_effect_is_noticed() => Notices("I6", sound with { OrderApi = sound.OrderApi with { Inbox = new HashSet<Guid>() } });

    [Fact]
    public void I7_A_dead_letter_that_nobody_expected_is_noticed() => Notices("I7", sound with { DeadLetters = 1 });

    private void Notices(string invariant, AuditSnapshot doctored) =>
        Assert.Contains(AuditRules.Check(doctored, history, new()), found => found.StartsWith(invariant, StringComparison.Ordinal));

    private void Answer(Guid order) => request.Add(new(default, default, new("http://localhost"), LoadOutcome.Accepted, System.Net.HttpStatusCode.Created, order, null));
}
