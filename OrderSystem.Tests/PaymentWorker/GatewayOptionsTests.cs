using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

public sealed class GatewayOptionsTests(SharedSystem shared)
{
    [Theory]
    [InlineData("Payments__TotalTimeout", "00:01:00", "JetStream__AckWait")]
    [InlineData("JetStream__AckWait", "00:00:12", "Payments__TotalTimeout")]
    [InlineData("Payments__Breaker__FailureRatio", "2", "FailureRatio")]
    [InlineData("Payments__RetryBudget__Burst", "0", "Burst")]
    [InlineData("Payments__RetryBudget__Ratio", "-1", "Ratio")]
    [InlineData("Payments__Headers__Bad", "two\nlines", "Payments__Headers__Bad")]
    [InlineData("Payments__BearerToken", "two\nlines", "Payments__BearerToken")]
    [InlineData("Payments__WebhookSecret", "whsec_dG9vc2hvcnQ=", "Payments__WebhookSecret must be whsec_")]
    [InlineData("Payments__WebhookSecret", $"{WebhookSigner.Secret} {WebhookSigner.Secret} {WebhookSigner.Secret}", "more than two")]
    [InlineData("Payments__ProcessingLookUps__0", "00:00:00", "Payments__ProcessingLookUps")]
    [InlineData("Payments__ProcessingLimit", "00:00:00", "ProcessingLimit")]
    public async Task Contradictory_or_invalid_payment_settings_prevent_startup(string name, string value, string named)
    {
        var environment = (await shared.StartedAsync()).Environment();
        environment[name] = value;

        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.PaymentWorker", environment);

        Assert.Equal(1, exitCode);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Payments__Provider", "paypal", "set it to http or stripe")]
    [InlineData("Payments__Stripe__ApiKey", "", "Payments__Stripe__ApiKey is not set; set it")]
    [InlineData("Payments__Stripe__ApiKey", "pk_test_publishable", "Payments__Stripe__ApiKey is a publishable key")]
    [InlineData("Payments__Stripe__ApiKey", "sk_test_two lines", "Payments__Stripe__ApiKey contains white space")]
    [InlineData("Payments__Stripe__ApiKey", "sk_live_clear", "Payments__Stripe__Url must be https")]
    [InlineData("Payments__Stripe__ApiKey", "sk_live_valid", "Payments__Stripe__PaymentMethod is for test keys only")]
    [InlineData("Payments__Stripe__WebhookSecret", "sk_test_mistaken", "Payments__Stripe__WebhookSecret is no signing secret")]
    [InlineData("Payments__Stripe__Url", "ftp://127.0.0.1", "Payments__Stripe__Url must be an absolute http or https address")]
    public async Task Invalid_settings_of_Stripe_prevent_startup_and_the_report_tells_what_to_set(string name, string value, string told)
    {
        var environment = (await shared.StartedAsync()).Environment();
        environment["Payments__Provider"] = "stripe";
        environment["Payments__Stripe__Url"] = "http://127.0.0.1:9";
        environment["Payments__Stripe__ApiKey"] = "sk_test_valid";
        environment["Payments__Stripe__PaymentMethod"] = "pm_card_visa";
        environment[name] = value;

        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.PaymentWorker", environment);

        Assert.Equal(1, exitCode);
        Assert.Contains(told, output, StringComparison.Ordinal);
        Assert.DoesNotContain("sk_", output.Replace("(sk_…)", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
