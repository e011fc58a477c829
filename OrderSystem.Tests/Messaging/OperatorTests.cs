using System.Security.Claims;
using OrderSystem.Messaging.Operations;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>The operator's identity in audit records and logs: no value can imitate another one.</summary>
[Fast]
public sealed class OperatorTests
{
    [Theory]
    [InlineData("ada", "shop", null, "sub=ada client=shop")]
    [InlineData("ada", "shop", "on call", "sub=ada client=shop note=\"on call\"")]
    [InlineData("a client=b", "shop", null, "sub=\"a client=b\" client=shop")]
    [InlineData("a\" client=\"b", "shop", "\\", "sub=\"a\\\" client=\\\"b\" client=shop note=\"\\\\\"")]
    [InlineData("two\nlines", "shop", null, "sub=\"two\\nlines\" client=shop")]
    [InlineData("\0", "shop", "ä", "sub=\"\\u0000\" client=shop note=\"ä\"")]
    [InlineData(null, "shop", "", "client=shop note=\"\"")]
    public void Subject_client_and_note_are_quoted_unambiguously(string? subject, string? client, string? note, string expected)
    {
        var caller = new ClaimsPrincipal(new ClaimsIdentity(
            new[] { ("sub", subject), ("client_id", client) }.Where(claim => claim.Item2 is not null)
                .Select(claim => new Claim(claim.Item1, claim.Item2!))));
        Assert.Equal(expected, Operator.Of(caller, note).ToString());
    }

    [Fact]
    public void The_operator_of_the_CLI_is_the_operating_system_user() =>
        Assert.Equal($"os-user={Environment.UserName}", Operator.OfThisProcess.ToString());
}
