using System.Text.RegularExpressions;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>The NATS permissions in users.conf, compared with the declared topology.</summary>
[Fast]
public sealed partial class NatsUsersFileTests
{
    private readonly string text = Comments().Replace(File.ReadAllText(NatsUsers.Source), "");

    [Fact]
    public void The_file_has_the_documented_users_and_no_passwords()
    {
        Assert.Equal(
            NatsUsers.All.Order(StringComparer.Ordinal),
            Users().Select(match => match.Groups["user"].Value).Order(StringComparer.Ordinal));
        Assert.All(Users(), match => Assert.Equal($"${NatsUsers.VariableOf(match.Groups["user"].Value)}", match.Groups["password"].Value));
    }

    [Theory]
    [InlineData(NatsUsers.OrderApi, "PAYMENTS.PAYMENT_RESULTS", "ORDERS DEAD_LETTERS")]
    [InlineData(NatsUsers.PaymentWorker, "ORDERS.ORDER_PROCESSOR", "PAYMENTS DEAD_LETTERS")]
    public void A_service_has_the_permissions_that_its_consumer_and_streams_need(string user, string consumer, string streams)
    {
        var may = AllowedTo(user);

        foreach (var call in new[] { "INFO", "CREATE", "RESET", "MSG.NEXT" })
            Assert.Contains($"$JS.API.CONSUMER.{call}.{consumer}", may);
        Assert.Contains($"$JS.ACK.{consumer}.>", may);
        Assert.Contains($"$JS.ACK.*.*.{consumer}.>", may);
        Assert.Equal(
            streams.Split(' ').Select(stream => $"$JS.API.STREAM.CREATE.{stream}").Order(),
            may.Where(subject => subject.StartsWith("$JS.API.STREAM.CREATE.", StringComparison.Ordinal)).Order());
        foreach (var call in new[] { "CREATE", "RESET" })
            Assert.Single(may, subject => subject.StartsWith($"$JS.API.CONSUMER.{call}.", StringComparison.Ordinal));
        Assert.Contains($"$JS.API.STREAM.MSG.GET.{consumer.Split('.')[0]}", may);
    }

    [Fact]
    public void The_provisioning_user_may_create_and_change_exactly_the_declared_topology()
    {
        var may = AllowedTo(NatsUsers.Provisioning);
        var wanted = Topology.Streams
            .SelectMany(stream => new[] { "INFO", "CREATE", "UPDATE" }.Select(call => $"$JS.API.STREAM.{call}.{stream.Name}"))
            .Concat(Topology.Consumers.SelectMany(consumer =>
                new[] { "INFO", "CREATE" }.Select(call => $"$JS.API.CONSUMER.{call}.{consumer.Stream}.{consumer.Name}")));

        Assert.Equal(wanted.Order(StringComparer.Ordinal), may.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_user_may_read_the_whole_topology()
    {
        foreach (var user in NatsUsers.All)
        {
            var may = AllowedTo(user);
            Assert.All(Topology.Streams, stream => Assert.Contains($"$JS.API.STREAM.INFO.{stream.Name}", may));
            Assert.All(Topology.Consumers, consumer => Assert.Contains($"$JS.API.CONSUMER.INFO.{consumer.Stream}.{consumer.Name}", may));
        }
    }

    /// <summary>
    /// No API subject has a wildcard or names a call that deletes, purges or reads raw messages. Single dead letters may be deleted.
    /// </summary>
    [Fact]
    public void No_user_may_delete_purge_or_read_raw_messages()
    {
        foreach (var subject in NatsUsers.All.SelectMany(AllowedTo)
            .Where(subject => subject.StartsWith("$JS.API.", StringComparison.Ordinal)))
        {
            Assert.DoesNotContain('*', subject);
            Assert.DoesNotContain('>', subject);
            Assert.DoesNotContain("STREAM.DELETE", subject, StringComparison.Ordinal);
            Assert.DoesNotContain("PURGE", subject, StringComparison.Ordinal);
            Assert.DoesNotContain("DIRECT.GET", subject, StringComparison.Ordinal);
            Assert.True(
                !subject.Contains("MSG.DELETE", StringComparison.Ordinal) || subject.EndsWith(".DEAD_LETTERS", StringComparison.Ordinal),
                subject);
        }
    }

    [Theory]
    [InlineData("compose/nats/nats.conf")]
    [InlineData("kubernetes/overlays/local/nats.conf")]
    [InlineData("kubernetes/overlays/production/nats.conf")]
    public async Task Every_deployed_server_has_exactly_these_users(string configuration)
    {
        var deploy = Path.Combine(Solution.Root, "deploy");
        var server = await File.ReadAllTextAsync(Path.Combine(deploy, configuration), TestContext.Current.CancellationToken);

        Assert.Contains("\ninclude users.conf\n", server, StringComparison.Ordinal);
        Assert.DoesNotContain("users =", server, StringComparison.Ordinal);
        Assert.DoesNotContain("users:", server, StringComparison.Ordinal);
        var beside = await File.ReadAllTextAsync(
            Path.Combine(
                deploy,
                configuration.StartsWith("compose", StringComparison.Ordinal)
                    ? "compose/compose.yaml"
                    : configuration.Replace("nats.conf", "kustomization.yaml", StringComparison.Ordinal)),
            TestContext.Current.CancellationToken);
        Assert.Matches(@"\.\./nats(/users\.conf:/etc/nats/users\.conf:ro)?\n", beside);
    }

    private IEnumerable<Match> Users() => UserEntry().Matches(text);

    private List<string> AllowedTo(string user)
    {
        var entry = Assert.Single(Users(), match => match.Groups["user"].Value == user);
        var publish = PublishList().Match(text, entry.Index).Groups["subjects"].Value;
        return [.. Quoted().Matches(publish).Select(match => match.Groups["subject"].Value)];
    }

    [GeneratedRegex("^\\s*#.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"user:\s*(?<user>\S+)\s+password:\s*(?<password>\S+)", RegexOptions.ExplicitCapture)]
    private static partial Regex UserEntry();

    [GeneratedRegex(@"publish:\s*\{\s*allow:\s*\[(?<subjects>[^\]]*)\]", RegexOptions.ExplicitCapture)]
    private static partial Regex PublishList();

    [GeneratedRegex("\"(?<subject>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Quoted();
}
