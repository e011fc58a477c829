using System.Text.Json;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Ops.Payments;

/// <summary>The payments commands of the CLI, which run beside the services and do not call them.</summary>
[Collection(PaymentReviews.Name)]
public sealed class PaymentCommandTests(PaymentReviewSystem reviewed)
{
    [Fact]
    public async Task A_review_is_listed_shown_and_resolved()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var charge = await reviewed.ChargeAsync(order);

        var (listed, table) = await RunAsync("list", "--status", "review", "--limit", "1000");
        Assert.True(listed == 0, table);
        Assert.Contains($"{order}  review", table, StringComparison.Ordinal);
        var (shown, history) = await RunAsync("show", $"{order}");
        Assert.True(shown == 0, history);
        var payment = JsonDocument.Parse(history).RootElement.GetProperty("payment").GetProperty("id").GetString()!;

        var (resolved, said) = await RunAsync(
            "resolve", payment, "--as", "succeeded", "--reference", charge, "--reason", "seen in the provider's console");
        Assert.True(resolved == 0, said);
        Assert.Contains("is now succeeded", said, StringComparison.Ordinal);
        await reviewed.Api.WaitForAsync(order, "paid");
        Assert.Equal($"payment resolve by os-user={Environment.UserName}", Assert.Single(await reviewed.TimelineAsync(order)).What);
        Assert.Empty(await reviewed.DisagreementsAsync(order));

        var (again, why) = await RunAsync("resolve", payment, "--as", "succeeded", "--reference", charge, "--reason", "twice");
        Assert.Equal(1, again);
        Assert.Contains("stays succeeded", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_requery_settles_a_review()
    {
        var order = await reviewed.InReviewAsync(wasCharged: true);
        var (exitCode, report) = await RunAsync("requery", $"{order}", "--json");
        Assert.True(exitCode == 0, report);
        Assert.True(JsonDocument.Parse(report).RootElement.GetProperty("changed").GetBoolean());
        await reviewed.Api.WaitForAsync(order, "paid");
    }

    [Fact]
    public async Task Without_a_provider_URL_requery_fails_and_only_force_resolves()
    {
        var order = await reviewed.InReviewAsync(wasCharged: false);
        var environment = reviewed.System.Environment("OrderSystem.PaymentWorker");
        environment["Payments__GatewayUrl"] = "";
        string[] resolve = ["payments", "resolve", $"{order}", "--as", "failed", "--reason", "it has left the business"];

        var (requeried, why) = await ServiceProcess.RunAsync("OrderSystem.PaymentWorker", environment, "payments", "requery", $"{order}");
        Assert.True(requeried == 2, why);
        Assert.Contains("Payments__GatewayUrl is not set", why, StringComparison.Ordinal);
        var (refused, unsure) = await ServiceProcess.RunAsync("OrderSystem.PaymentWorker", environment, resolve);
        Assert.True(refused == 1, unsure);
        var (resolved, said) = await ServiceProcess.RunAsync("OrderSystem.PaymentWorker", environment, [.. resolve, "--force"]);
        Assert.True(resolved == 0, said);
        await reviewed.Api.WaitForAsync(order, "paymentFailed");
    }

    [Theory]
    [InlineData(2, "resolve")]
    [InlineData(2, "resolve 00000000-0000-0000-0000-000000000001 --as succeeded --reason x")]
    [InlineData(2, "resolve 00000000-0000-0000-0000-000000000001 --as paid --reason x")]
    [InlineData(2, "list --older-than soon")]
    [InlineData(2, "show x")]
    [InlineData(1, "show 00000000-0000-0000-0000-000000000001")]
    [InlineData(1, "requery 00000000-0000-0000-0000-000000000001")]
    public async Task Invalid_CLI_arguments_and_unknown_payments_set_the_exit_code(int expected, string arguments)
    {
        var (exitCode, said) = await RunAsync(arguments.Split(' '));
        Assert.True(exitCode == expected, said);
    }

    private Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var environment = reviewed.System.Environment("OrderSystem.PaymentWorker");
        environment.Remove("ConnectionStrings__nats");
        return ServiceProcess.RunAsync("OrderSystem.PaymentWorker", environment, ["payments", .. arguments]);
    }
}
