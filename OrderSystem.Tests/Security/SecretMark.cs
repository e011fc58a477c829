using System.Text;
using System.Text.Json;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>A secret that is recognised in every encoding: raw, quoted, encoded for a URL, JSON or HTML, and in base64.</summary>
internal sealed class SecretMark(string name)
{
    /// <summary>Contains the special characters of URLs, JSON and connection strings.</summary>
    internal string Value { get; } = $"{name}+/%&\"'=;@:{Guid.NewGuid():N}<\u00e9>";

    /// <summary>Quoted for a value of a PostgreSQL connection string.</summary>
    internal string Quoted => $"\"{Value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    internal string InUrl => Uri.EscapeDataString(Value);

    private IEnumerable<string> Forms =>
    [
        Value, InUrl, JsonEncodedText.Encode(Value).ToString(), System.Net.WebUtility.UrlEncode(Value),
        System.Net.WebUtility.HtmlEncode(Value), Quoted,

        // The rest that an error message quotes when a parser has split the secret.
        Value.Split(':')[1].Split('<')[0],

        // The part of its base64 that does not depend on the bytes around it.
        .. Enumerable.Range(0, 3)
            .Select(offset => Convert.ToBase64String([.. new byte[offset], .. Encoding.UTF8.GetBytes(Value)])[(offset == 0 ? 0 : 4)..^4]),
    ];

    /// <summary>Fails when the text contains the secret. The message says where, without the secret.</summary>
    internal void AssertNotIn(string where, string text)
    {
        foreach (var form in Forms)
        {
            var at = text.IndexOf(form, StringComparison.Ordinal);
            Assert.True(at < 0, $"{name} is in {where}, after: {text[Math.Max(0, at - 300)..Math.Max(0, at)]}");
        }
    }
}
