using System.Text;
using System.Text.Json;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A secret that is recognised wherever it turns up: as it is, as a URL, JSON or a shell would write it, and in base64.</summary>
internal sealed class SecretMark(string name)
{
    /// <summary>What is special in URLs, in JSON and in connection strings is in it.</summary>
    internal string Value { get; } = $"{name}+/%&\"'=;@:{Guid.NewGuid():N}<\u00e9>";

    /// <summary>The same within the value of a PostgreSQL connection string.</summary>
    internal string Quoted => $"\"{Value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    internal string InUrl => Uri.EscapeDataString(Value);

    private IEnumerable<string> Forms =>
    [
        Value, InUrl, JsonEncodedText.Encode(Value).ToString(), System.Net.WebUtility.UrlEncode(Value), System.Net.WebUtility.HtmlEncode(Value), Quoted,

        // What is left of it when a part is quoted that nobody understood.
        Value.Split(':')[1].Split('<')[0],

        // Base64 of the part that does not depend on what stands before and after it.
        .. Enumerable.Range(0, 3).Select(offset => Convert.ToBase64String([.. new byte[offset], .. Encoding.UTF8.GetBytes(Value)])[(offset == 0 ? 0 : 4)..^4]),
    ];

    /// <summary>Fails when the text holds it, and says where without saying it.</summary>
    internal void AssertNotIn(string where, string text)
    {
        foreach (var form in Forms)
        {
            var at = text.IndexOf(form, StringComparison.Ordinal);
            Assert.True(at < 0, $"{name} is in {where}, after: {text[Math.Max(0, at - 300)..Math.Max(0, at)]}");
        }
    }
}
