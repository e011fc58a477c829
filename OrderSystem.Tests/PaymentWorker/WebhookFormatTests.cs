using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using OrderSystem.PaymentWorker.Webhooks;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>Which webhooks are authentic, and what is read from them, in the format of each provider.</summary>
[Fast]
public sealed class WebhookFormatTests
{
    private const string Body = """{"id":"evt_1","type":"payment_intent.succeeded"}""";
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);
    private static readonly string[] One = [WebhookSigner.Secret];
    private static readonly string[] Two = [WebhookSigner.OtherSecret, WebhookSigner.Secret];

    [Theory]
    [InlineData("http", "signed", true)]
    [InlineData("http", "signed with the second secret", true)]
    [InlineData("http", "one of two signatures", true)]
    [InlineData("http", "signed 5 minutes ago", true)]
    [InlineData("http", "signed 5 minutes and a second ago", false)]
    [InlineData("http", "signed 5 minutes and a second ahead", false)]
    [InlineData("http", "another body", false)]
    [InlineData("http", "another secret", false)]
    [InlineData("http", "another time", false)]
    [InlineData("http", "no headers", false)]
    [InlineData("http", "empty signature", false)]
    [InlineData("http", "malformed", false)]
    [InlineData("http", "header twice", false)]
    [InlineData("http", "another id", false)]
    [InlineData("http", "an older version", false)]
    [InlineData("stripe", "signed", true)]
    [InlineData("stripe", "signed with the second secret", true)]
    [InlineData("stripe", "one of two signatures", true)]
    [InlineData("stripe", "signed 5 minutes ago", true)]
    [InlineData("stripe", "signed 5 minutes and a second ago", false)]
    [InlineData("stripe", "signed 5 minutes and a second ahead", false)]
    [InlineData("stripe", "another body", false)]
    [InlineData("stripe", "another secret", false)]
    [InlineData("stripe", "another time", false)]
    [InlineData("stripe", "no headers", false)]
    [InlineData("stripe", "empty signature", false)]
    [InlineData("stripe", "malformed", false)]
    [InlineData("stripe", "header twice", false)]
    [InlineData("stripe", "an older version", false)]
    public void Only_a_recent_signature_of_a_secret_over_the_raw_body_is_authentic(string provider, string kind, bool expected)
    {
        var (headers, secrets) = Case(provider, kind);
        var given = new HeaderDictionary();
        foreach (var (name, value) in headers)
            given[name] = kind == "header twice" ? new StringValues([value, value]) : value;

        var body = Encoding.UTF8.GetBytes(kind == "another body" ? Body + " " : Body);

        Assert.Equal(expected, Format(provider).IsAuthentic(given, body, secrets, Now));
    }

    [Theory]
    [InlineData("succeeded", nameof(WebhookClaim.Succeeded), null)]
    [InlineData("declined", nameof(WebhookClaim.Declined), "card_declined")]
    [InlineData("processing", nameof(WebhookClaim.Processing), null)]
    [InlineData("refunded", nameof(WebhookClaim.Nothing), null)]
    public void A_report_of_the_contract_is_read(string status, string claim, string? reason)
    {
        var order = Guid.NewGuid();
        var read = Format("http").Read(
            new HeaderDictionary { ["webhook-id"] = "msg_1" }, Encoding.UTF8.GetBytes(WebhookSigner.Report(order, status)))!;

        Assert.Equal(("msg_1", $"charge.{status}", claim, order), (read.EventId, read.Type, read.Claim.ToString(), read.OrderId));
        Assert.Equal(("ch_1", 39.98m, "EUR"), (read.Reference, read.Amount, read.Currency));
        Assert.True(reason is null || read.Reason == reason, read.Reason);
    }

    [Theory]
    [InlineData("payment_intent.succeeded", """ "amount":1999,"amount_received":1999,"latest_charge":"ch_1" """,
        nameof(WebhookClaim.Succeeded), "ch_1", "19.99", null)]
    [InlineData("payment_intent.succeeded", """ "amount":1999,"amount_received":1999,"latest_charge":{"id":"ch_1"} """,
        nameof(WebhookClaim.Succeeded), "ch_1", "19.99", null)]
    [InlineData("payment_intent.succeeded", """ "amount":1999,"amount_received":1999 """,
        nameof(WebhookClaim.Succeeded), null, "19.99", null)]
    [InlineData("payment_intent.payment_failed",
        """ "amount":1999,"latest_charge":"ch_1","last_payment_error":{"code":"card_declined","decline_code":"insufficient_funds"} """,
        nameof(WebhookClaim.Declined), "ch_1", "19.99", "insufficient_funds")]
    [InlineData("payment_intent.payment_failed", """ "amount":1999,"last_payment_error":{"code":"authentication_required"} """,
        nameof(WebhookClaim.Declined), "pi_1", "19.99", "requires_action")]
    [InlineData("payment_intent.canceled", """ "amount":1999,"cancellation_reason":"abandoned" """,
        nameof(WebhookClaim.Declined), "pi_1", "19.99", "abandoned")]
    [InlineData("payment_intent.processing", """ "amount":1999 """, nameof(WebhookClaim.Processing), "pi_1", "19.99", null)]
    [InlineData("charge.refunded", """ "amount":1999 """, nameof(WebhookClaim.Nothing), null, null, null)]
    public void An_event_of_Stripe_is_read(string type, string intent, string claim, string? charge, string? amount, string? reason)
    {
        var order = Guid.NewGuid();
        var read = Format("stripe").Read(new HeaderDictionary(), Encoding.UTF8.GetBytes(
            $$$$"""
            {"id":"evt_1","object":"event","type":"{{{{type}}}}","data":{"object":{"id":"pi_1","currency":"eur",{{{{intent}}}},
             "metadata":{"order_id":"{{{{order}}}}"},"receipt_email":"a@example.com"}}}
            """))!;

        Assert.Equal(("evt_1", type, claim, charge, reason), (read.EventId, read.Type, read.Claim.ToString(), read.Reference, read.Reason));
        Assert.Equal(amount, read.Amount?.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(read.Claim == WebhookClaim.Nothing ? null : order, read.OrderId);
        Assert.DoesNotContain("example.com", read.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http", "refund.succeeded", "succeeded", nameof(WebhookClaim.Refunded))]
    [InlineData("http", "refund.failed", "failed", nameof(WebhookClaim.RefundFailed))]
    [InlineData("http", "refund.processing", "processing", nameof(WebhookClaim.Nothing))]
    [InlineData("http", "charge.dispute.created", "open", nameof(WebhookClaim.Nothing))]
    [InlineData("http", "charge.dispute.closed", "lost", nameof(WebhookClaim.Chargeback))]
    [InlineData("http", "charge.dispute.closed", "won", nameof(WebhookClaim.Nothing))]
    [InlineData("stripe", "refund.created", "succeeded", nameof(WebhookClaim.Refunded))]
    [InlineData("stripe", "refund.updated", "succeeded", nameof(WebhookClaim.Refunded))]
    [InlineData("stripe", "refund.created", "pending", nameof(WebhookClaim.Nothing))]
    [InlineData("stripe", "refund.failed", "failed", nameof(WebhookClaim.RefundFailed))]
    [InlineData("stripe", "refund.updated", "canceled", nameof(WebhookClaim.RefundFailed))]
    [InlineData("stripe", "charge.dispute.created", "needs_response", nameof(WebhookClaim.Nothing))]
    [InlineData("stripe", "charge.dispute.closed", "lost", nameof(WebhookClaim.Chargeback))]
    [InlineData("stripe", "charge.dispute.closed", "won", nameof(WebhookClaim.Nothing))]
    [InlineData("stripe", "charge.refunded", "succeeded", nameof(WebhookClaim.Nothing))]
    public void A_report_about_a_refund_or_a_dispute_is_read(string provider, string type, string status, string claim)
    {
        var refund = Guid.NewGuid();
        var body = provider == "http"
            ? $$$"""
              {"type":"{{{type}}}","data":{"id":"re_1","chargeId":"ch_1","status":"{{{status}}}","amount":4.5,"currency":"EUR",
               "reference":"{{{refund}}}","reason":"fraudulent"}}
              """
            : $$$$"""
              {"id":"msg_1","type":"{{{{type}}}}","data":{"object":{"id":"re_1","charge":"ch_1","status":"{{{{status}}}}","amount":450,
               "currency":"eur","reason":"fraudulent","metadata":{"refund_id":"{{{{refund}}}}"} }}}
              """;
        var read = Format(provider).Read(new HeaderDictionary { ["webhook-id"] = "msg_1" }, Encoding.UTF8.GetBytes(body))!;

        Assert.Equal(("msg_1", type, claim), (read.EventId, read.Type, read.Claim.ToString()));
        if (read.IsAboutRefund)
        {
            Assert.Equal(("re_1", "ch_1", 4.5m, "EUR"), (read.Reference, read.Charge, read.Amount, read.Currency));
            Assert.Equal((refund, "fraudulent"), (read.RefundId, read.Reason));
        }
    }

    [Theory]
    [InlineData("http", "{}")]
    [InlineData("http", "[]")]
    [InlineData("http", """{"type":17}""")]
    [InlineData("stripe", """{"type":"payment_intent.succeeded"}""")]
    [InlineData("stripe", """{"id":"evt_1"}""")]
    [InlineData("stripe", "17")]
    public void What_is_not_in_the_format_is_not_read(string provider, string body) =>
        Assert.Null(Format(provider).Read(new HeaderDictionary { ["webhook-id"] = "msg_1" }, Encoding.UTF8.GetBytes(body)));

    private static (Dictionary<string, string> Headers, string[] Secrets) Case(string provider, string kind)
    {
        var at = kind switch
        {
            "signed 5 minutes ago" => Now.AddMinutes(-5),
            "signed 5 minutes and a second ago" => Now.AddSeconds(-301),
            "signed 5 minutes and a second ahead" => Now.AddSeconds(301),
            _ => Now,
        };
        var headers = WebhookSigner.Headers(
            provider, "msg_1", Body, kind == "another secret" ? WebhookSigner.OtherSecret : WebhookSigner.Secret, at);
        var signature = provider == "stripe" ? "Stripe-Signature" : "webhook-signature";
        switch (kind)
        {
            case "one of two signatures":
                headers[signature] = provider == "stripe"
                    ? headers[signature].Replace("v1=", $"v1={new string('a', 64)},v1=", StringComparison.Ordinal)
                    : $"v1,{Convert.ToBase64String(new byte[32])} {headers[signature]}";
                break;
            case "another time" when provider == "stripe":
                headers[signature] = headers[signature].Replace(
                    WebhookSigner.Seconds(Now), WebhookSigner.Seconds(Now.AddSeconds(1)), StringComparison.Ordinal);
                break;
            case "another time":
                headers["webhook-timestamp"] = WebhookSigner.Seconds(Now.AddSeconds(1));
                break;
            case "another id":
                headers["webhook-id"] = "msg_2";
                break;
            case "an older version":
                headers[signature] = headers[signature].Replace("v1", "v0", StringComparison.Ordinal);
                break;
            case "empty signature":
                headers[signature] = "";
                break;
            case "malformed":
                headers[signature] = "t=,v1,=;\u0001 v1,%%%";
                break;
            case "no headers":
                headers.Clear();
                break;
            default:
                break;
        }

        return (headers, kind == "signed with the second secret" ? Two : One);
    }

    private static IWebhookFormat Format(string provider) =>
        provider == "stripe" ? new StripeWebhooks(provider) : new StandardWebhooks(provider);
}
