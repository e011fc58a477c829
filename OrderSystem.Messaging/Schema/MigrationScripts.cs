using System.Reflection;
using System.Text.RegularExpressions;

namespace OrderSystem.Messaging.Schema;

/// <summary>A numbered SQL file that is embedded in an assembly.</summary>
/// <param name="Id">Its name, such as <c>OrderSystem.OrderApi/0001_orders.sql</c>.</param>
/// <param name="Sql">Its text.</param>
internal sealed partial record MigrationScript(string Id, string Sql)
{
    private const string Folder = ".Migrations.";
    private const string Online = "-- online";

    /// <summary>
    /// Whether its first line is <c>-- online</c>: it is one statement outside of any transaction, which a second run completes.
    /// </summary>
    internal bool IsOnline => Sql.Split('\n', 2)[0].TrimEnd() == Online;

    /// <summary>The index that an online script creates or drops CONCURRENTLY; else null.</summary>
    internal string? ConcurrentIndex =>
        IsOnline && Concurrently().Match(Sql) is { Success: true } statement ? statement.Groups["index"].Value : null;

    /// <summary>The numbered scripts of messaging, then those of the service.</summary>
    internal static IReadOnlyList<MigrationScript> Of(Assembly service) =>
        [.. All(service).Where(script => char.IsAsciiDigit(script.Name[0]))];

    /// <summary>The scripts of one name, that of messaging first.</summary>
    internal static IReadOnlyList<MigrationScript> Named(string name, Assembly service) =>
        [.. All(service).Where(script => script.Name == name)];

    private string Name => Id[(Id.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static IEnumerable<MigrationScript> All(Assembly service) => In(typeof(MigrationScript).Assembly).Concat(In(service));

    private static IEnumerable<MigrationScript> In(Assembly assembly) =>
        from resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal)
        let folder = resource.IndexOf(Folder, StringComparison.Ordinal)
        where folder >= 0 && resource.EndsWith(".sql", StringComparison.Ordinal)
        select new MigrationScript($"{assembly.GetName().Name}/{resource[(folder + Folder.Length)..]}", Read(assembly, resource));

    private static string Read(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(
        @"^(CREATE( UNIQUE)? INDEX CONCURRENTLY IF NOT EXISTS|DROP INDEX CONCURRENTLY IF EXISTS) (?<index>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Concurrently();
}
