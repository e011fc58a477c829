using System.Security.Claims;
using OrderSystem.Messaging.Operations;
using Xunit;

namespace OrderSystem.Tests.Messaging;

/// <summary>Who acts, as records and logs keep it: no value can look like another one.</summary>
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
    public void It_is_one_text(string? subject, string? client, string? note, string expected)
    {
        var caller = new ClaimsPrincipal(new ClaimsIdentity(
            new[] { ("sub", subject), ("client_id", client) }.Where(claim => claim.Item2 is not null).Select(claim => new Claim(claim.Item1, claim.Item2!))));
        Assert.Equal(expected, Operator.Of(caller, note).ToString());
    }

    [Fact]
    public void On_the_command_line_it_is_the_user_of_the_operating_system() => Assert.Equal($"os-user={Environment.UserName}", Operator.OfThisProcess.ToString());
}
