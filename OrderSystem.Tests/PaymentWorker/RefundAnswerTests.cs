using System.Text;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.PaymentWorker;

/// <summary>What answers to refunds and to look-ups of refunds mean, for each provider.</summary>
[Fast]
public sealed class RefundAnswerTests : IAsyncDisposable
{
    private static readonly Guid Reference = Guid.Parse("0198c0de-0000-7000-8000-000000000001");
    private readonly ScriptedProvider provider = new();

    public static TheoryData<string, string> Answers => new(
        RefundRow.Http.Select(row => ("http", row.Answer)).Concat(RefundRow.Stripe.Select(row => ("stripe", row.Answer))));

    public ValueTask DisposeAsync() => provider.DisposeAsync();

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_to_a_refund_is_classified_as_documented(string name, string answer)
    {
        var row = RowsOf(name).Single(row => row.Answer == answer);
        provider.Script = _ => row.Script;
        using var client = ClientOf(name);

        var outcome = await client.RefundAsync(Reference);

        Assert.Equal((row.Status, ProviderFailure.None), (outcome.Status, outcome.Failure));
        Assert.True(row.Status is ChargeStatus.Declined or ChargeStatus.Refused || outcome.Reference == "re_1", outcome.Reference);
    }

    [Theory]
    [InlineData("http", "| answer to a refund | is |")]
    [InlineData("stripe", "| Stripe's answer to a refund | is |")]
    public void The_documented_answers_to_a_refund_are_the_tested_ones(string name, string header)
    {
        var page = File.ReadAllLines(Path.Combine(Solution.Root, "docs", "payment-providers.md"));
        var listed = page.SkipWhile(line => line != header).Skip(2).TakeWhile(line => line.StartsWith('|'));
        Assert.Equal(RowsOf(name).Select(row => $"| {row.Answer} | {row.Status.ToString().ToLowerInvariant()} |"), listed);
    }

    [Theory]
    [InlineData("http", "[]", nameof(ChargeStatus.None))]
    [InlineData("http", """[{"id":"re_2","status":"succeeded","reference":"another","amount":1,"currency":"EUR"}]""",
        nameof(ChargeStatus.None))]
    [InlineData("http", """[{"id":"re_1","status":"succeeded","reference":"$","amount":19.99,"currency":"EUR"}]""",
        nameof(ChargeStatus.Succeeded))]
    [InlineData("http", """[{"id":"re_1","status":"processing","reference":"$"}]""", nameof(ChargeStatus.Processing))]
    [InlineData("http", """[{"id":"re_1","status":"failed","reference":"$"}]""", nameof(ChargeStatus.Declined))]
    [InlineData("http", """[{"id":"re_1","status":"new","reference":"$"}]""", nameof(ChargeStatus.Unknown))]
    [InlineData("http", "{}", nameof(ChargeStatus.Unknown))]
    [InlineData("stripe", """{"has_more":false,"data":[]}""", nameof(ChargeStatus.None))]
    [InlineData("stripe", """{"has_more":true,"data":[]}""", nameof(ChargeStatus.Unknown))]
    [InlineData("stripe", """{"has_more":false,"data":[{"id":"re_2","status":"succeeded","metadata":{}}]}""", nameof(ChargeStatus.None))]
    [InlineData("stripe",
        """{"has_more":true,"data":[{"id":"re_1","status":"succeeded","amount":1999,"currency":"eur","metadata":{"refund_id":"$"}}]}""",
        nameof(ChargeStatus.Succeeded))]
    [InlineData("stripe", """{"has_more":false,"data":[{"id":"re_1","status":"pending","metadata":{"refund_id":"$"}}]}""",
        nameof(ChargeStatus.Processing))]
    [InlineData("stripe", """{"has_more":false,"data":[{"id":"re_1","status":"failed","metadata":{"refund_id":"$"}}]}""",
        nameof(ChargeStatus.Declined))]
    public async Task A_look_up_finds_the_refund_with_our_reference_among_the_others(string name, string list, string expected)
    {
        provider.Script = _ => ScriptedResponse.Of(200, list.Replace("$", Reference.ToString(), StringComparison.Ordinal));
        using var client = ClientOf(name);

        var found = await client.FindRefundAsync(Reference);

        Assert.Equal(expected, found.Status.ToString());
        Assert.True(
            found.Status != ChargeStatus.Succeeded
            || (found.Reference, found.Found) == ("re_1", new FoundCharge(19.99m, "EUR", IsRefunded: false)),
            $"{found}");
        var path = name == "http" ? "/refunds?chargeId=ch_1" : "/v1/refunds?charge=ch_1";
        Assert.StartsWith(path, provider.Requests.Single().Path, StringComparison.Ordinal);
    }

    /// <summary>A key keeps its body from one release to the next: the refund of a cancelled order is sent as it always was.</summary>
    [Theory]
    [InlineData("http", null, """{"chargeId":"ch_1","amount":19.99}""")]
    [InlineData("http", "$", """{"chargeId":"ch_1","amount":19.99,"reference":"$"}""")]
    [InlineData("stripe", null, "charge=ch_1&amount=1999")]
    [InlineData("stripe", "$", "charge=ch_1&amount=1999&metadata[refund_id]=$")]
    public async Task A_refund_carries_its_amount_and_its_reference(string name, string? reference, string expected)
    {
        provider.Script = _ => RowsOf(name)[0].Script;
        using var client = ClientOf(name);

        await client.RefundAsync(reference is null ? null : Reference);

        var body = Uri.UnescapeDataString(Encoding.UTF8.GetString(Assert.Single(provider.Requests).Body));
        Assert.Equal(
            expected.Replace("$", Reference.ToString(), StringComparison.Ordinal).Split('&').Order(StringComparer.Ordinal),
            body.Split('&').Order(StringComparer.Ordinal));
    }

    private WorkerClient ClientOf(string name) =>
        name == "stripe" ? WorkerClient.OfStripe(provider.Address) : new WorkerClient(provider.Address);

    private static IReadOnlyList<RefundRow> RowsOf(string name) => name == "stripe" ? RefundRow.Stripe : RefundRow.Http;
}
