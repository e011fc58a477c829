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
    public async Task Contradictory_or_invalid_payment_settings_prevent_startup(string name, string value, string named)
    {
        var environment = (await shared.StartedAsync()).Environment();
        environment[name] = value;

        var (exitCode, output) = await ServiceProcess.RunAsync("OrderSystem.PaymentWorker", environment);

        Assert.Equal(1, exitCode);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }
}
