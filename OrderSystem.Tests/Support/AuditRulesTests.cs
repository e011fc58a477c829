using Xunit;

namespace OrderSystem.Tests.Support;

/// <summary>Tests the rules that every scenario ends with: each violation is constructed and must be reported.</summary>
[Fast]
public sealed class AuditRulesTests
{
    private static readonly Guid Order = Guid.NewGuid();
    private static readonly Guid Created = Guid.NewGuid();
    private static readonly Guid Succeeded = Guid.NewGuid();
    private static readonly Guid Key = Guid.NewGuid();

    private readonly LoadRequest request = new("key", "customer", 12.5m, "EUR");
    private readonly LoadHistory history = new();
    private readonly AuditSnapshot consistent = new()
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
    public void A_consistent_system_has_no_violation() => Assert.Empty(AuditRules.Check(consistent, history, new()));

    [Fact]
    public void I1_An_accepted_order_that_does_not_exist_is_reported() => Reports("I1", consistent with { Orders = [] });

    [Fact]
    public void I1_A_key_that_created_two_orders_is_reported() =>
        Reports("I1", consistent with { Orders = [.. consistent.Orders, consistent.Orders[0] with { Id = Guid.NewGuid() }] });

    [Fact]
    public void I1_A_key_that_was_answered_with_two_orders_is_reported()
    {
        Answer(Guid.NewGuid());
        Reports("I1", consistent);
    }

    [Fact]
    public void I1_An_unexpected_response_is_reported()
    {
        request.Add(new(
            default, default, new("http://localhost"), LoadOutcome.Unexpected,
            System.Net.HttpStatusCode.InternalServerError, null, "oops"));
        Reports("I1", consistent);
    }

    [Fact]
    public void I2_An_event_left_in_the_outbox_is_reported() =>
        Reports("I2", consistent with { OrderApi = consistent.OrderApi with { Outbox = [new(Order, 1, "no answer")] } });

    [Fact]
    public void I2_A_committed_event_missing_from_its_stream_is_reported() =>
        Reports("I2", consistent with { Worker = consistent.Worker with { Stream = [] } });

    [Fact]
    public void I2_A_message_twice_in_its_stream_is_reported() =>
        Reports("I2", consistent with
        {
            OrderApi = consistent.OrderApi with
            {
                Stream = [consistent.OrderApi.Stream[0], consistent.OrderApi.Stream[0] with { Sequence = 2 }],
            },
        });

    [Fact]
    public void I2_A_message_of_an_event_that_was_never_committed_is_reported() =>
        Reports("I2", consistent with
        {
            OrderApi = consistent.OrderApi with
            {
                Stream = [.. consistent.OrderApi.Stream, new(2, "orders.created", "x", Guid.NewGuid(), Order, 1)],
            },
        });

    [Fact]
    public void I3_A_second_charge_under_another_key_is_reported() =>
        Reports("I3", consistent with
        {
            Ledger = [.. consistent.Ledger, consistent.Ledger[0] with { Id = "ch_2", Key = Guid.NewGuid().ToString() }],
        });

    [Fact]
    public void I3_A_double_charge_named_by_the_provider_is_reported() =>
        Reports("I3", consistent with { ChargedTwice = [Order.ToString()] });

    [Fact]
    public void I4_A_charge_without_an_order_is_reported() =>
        Reports("I4", consistent with { Ledger = [consistent.Ledger[0] with { OrderId = Guid.NewGuid().ToString() }] });

    [Fact]
    public void I4_A_charge_of_another_amount_is_reported() =>
        Reports("I4", consistent with { Ledger = [consistent.Ledger[0] with { Amount = 12.51m }] });

    [Fact]
    public void I4_A_charge_under_another_key_than_its_payment_is_reported() =>
        Reports("I4", consistent with { Ledger = [consistent.Ledger[0] with { Key = Guid.NewGuid().ToString() }] });

    [Theory]
    [InlineData("pending")]
    [InlineData("paymentFailed")]
    [InlineData("cancelled")]
    public void I5_A_status_that_contradicts_the_ledger_is_reported(string status) =>
        Reports("I5", consistent with { Orders = [consistent.Orders[0] with { Status = status }] });

    [Fact]
    public void I5_A_paid_order_without_a_charge_is_reported() => Reports("I5", consistent with { Ledger = [] });

    [Theory]
    [InlineData(0, 2.5)]
    [InlineData(2.5, 0)]
    [InlineData(2.5, 5)]
    public void I5_A_refund_that_only_one_side_knows_is_reported(double known, double made) => Reports("I5", Refunded(known, made));

    [Theory]
    [InlineData(2.5)]
    [InlineData(12.5)]
    public void I5_A_refund_that_both_sides_know_is_no_violation(double amount) =>
        Assert.Empty(AuditRules.Check(Refunded(amount, amount), history, new()));

    [Fact]
    public void I3_Refunds_of_more_than_the_charge_are_reported() => Reports("I3", Refunded(12.5, 12.51));

    [Fact]
    public void I5_A_charge_that_the_payment_does_not_refer_to_is_reported() =>
        Reports("I5", consistent with { Payments = [consistent.Payments[0] with { Reference = "ch_9" }] });

    [Fact]
    public void I6_A_gap_in_the_event_versions_is_reported() =>
        Reports("I6", consistent with
        {
            OrderApi = consistent.OrderApi with { Events = [consistent.OrderApi.Events[0] with { Version = 2 }] },
        });

    [Fact]
    public void I6_Events_out_of_order_are_reported()
    {
        var second = new AuditMessage(1, "orders.cancelled", "2", Guid.NewGuid(), Order, 2);
        Reports("I6", consistent with
        {
            OrderApi = consistent.OrderApi with { Stream = [second, consistent.OrderApi.Stream[0] with { Sequence = 2 }] },
        });
    }

    [Fact]
    public void I6_An_event_missing_from_the_inbox_is_reported() =>
        Reports("I6", consistent with { OrderApi = consistent.OrderApi with { Inbox = new HashSet<Guid>() } });

    [Fact]
    public void I7_An_unexpected_dead_letter_is_reported() => Reports("I7", consistent with { DeadLetters = 1 });

    private AuditSnapshot Refunded(double known, double made) => consistent with
    {
        Orders = [consistent.Orders[0] with { Refunded = (decimal)known }],
        Ledger = [.. consistent.Ledger, new("refund", "re_1", "key", null, "ch_1", (decimal)made, "EUR", "succeeded")],
    };

    private void Reports(string invariant, AuditSnapshot violated) =>
        Assert.Contains(AuditRules.Check(violated, history, new()), found => found.StartsWith(invariant, StringComparison.Ordinal));

    private void Answer(Guid order) =>
        request.Add(new(default, default, new("http://localhost"), LoadOutcome.Accepted, System.Net.HttpStatusCode.Created, order, null));
}
