using System.Text.RegularExpressions;
using OrderSystem.Tests.Support;
using Xunit;

namespace OrderSystem.Tests.Security;

/// <summary>The repository contains no key, token or password except those of the tests, which give access to nothing else.</summary>
[Fast]
public sealed partial class SecretsInRepositoryTests
{
    private static readonly string[] NotOurs = ["bin", "obj", ".git", ".tools", ".data", "artifacts", "node_modules", "TestResults"];

    /// <summary>Placeholders, and values that tests and examples use.</summary>
    private static readonly string[] Harmless =
    [
        "...", "…", "password", "wrong", "secret", "only-for-", "for-tests-only", "local-only", "p%40ss", "{", "$", "<", "\"", "'",
    ];

    [Fact]
    public void No_file_contains_a_key_a_token_or_a_password()
    {
        var files = Files(new DirectoryInfo(Solution.Root)).ToArray();
        Assert.True(files.Length > 300);
        var found = files.SelectMany(file => Secrets(File.ReadAllText(file.FullName))
            .Select(secret => $"{Path.GetRelativePath(Solution.Root, file.FullName)}: {secret[..Math.Min(12, secret.Length)]}…"));
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("-----BEGIN EC PRIVATE" + " KEY-----")]
    [InlineData("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3" + "VY")]
    [InlineData("Host=db;Username=orders;Password=" + "hunter2hunter2;Database=orders")]
    [InlineData("nats://order-api:" + "hunter2hunter2@nats:4222")]
    [InlineData("AKIA" + "IOSFODNN7EXAMPLE")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U")]
    public void The_scan_finds_each_kind_of_secret(string secret) => Assert.NotEmpty(Secrets(secret));

    private static IEnumerable<string> Secrets(string text) =>
        Key().Matches(text).Select(match => match.Value)
            .Concat(Password().Matches(text).Select(match => match.Groups["value"].Value)
                .Where(value => !Harmless.Any(harmless => value.Contains(harmless, StringComparison.OrdinalIgnoreCase))));

    private static IEnumerable<FileInfo> Files(DirectoryInfo folder) => folder.EnumerateFiles()
        .Where(file => file.Extension is not ".png" && file.Length < 2_000_000)
        .Concat(folder.EnumerateDirectories().Where(inner => !NotOurs.Contains(inner.Name, StringComparer.Ordinal)).SelectMany(Files));

    [GeneratedRegex(
        @"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bS[ANOUCX][A-Z2-7]{56}\b|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
            + @"|\bxox[abp]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,}")]
    private static partial Regex Key();

    /// <summary>In a connection string of PostgreSQL, and in a URL.</summary>
    [GeneratedRegex(@"\bPassword=(?<value>[^;\s""`]{6,})|\b\w+://[\w-]+:(?<value>[^@/\s""`]{6,})@")]
    private static partial Regex Password();
}
