using System.Text.RegularExpressions;
using OrderSystem.Messaging.Schema;

namespace OrderSystem.Tests.Conventions;

/// <summary>
/// What a migration script may not do to a table that is older than it: the table has any number of rows, and the services keep writing it.
/// The lock timeout of a migration bounds its wait for a lock; a script that reads or writes all rows under a lock keeps it for minutes.
/// </summary>
internal static partial class MigrationRules
{
    private const string Index =
        "CREATE INDEX blocks the writers of its table while it reads all rows. Write CREATE INDEX CONCURRENTLY IF NOT EXISTS, alone in a "
        + "script whose first line is '-- online'";

    private const string Change =
        "UPDATE, DELETE and MERGE lock all rows that they change until the script ends. Write a DO block that commits each batch, alone in "
        + "a script whose first line is '-- online'";

    private const string Hidden = "A DO block with ALTER, CREATE, DROP or EXECUTE cannot be checked. Write the statements themselves";
    private const string Lock = "CLUSTER, VACUUM FULL, REINDEX and LOCK TABLE block all other sessions for as long as they take";

    private const string Validation =
        "VALIDATE CONSTRAINT reads all rows, and what else its script locks stays locked. Write it alone, in the next script";

    private const string OneStatement =
        "A script with the first line '-- online' is repeated if it was not recorded. Write one statement, and another script for the next";

    private const string OnlineForm =
        "A script with the first line '-- online' is CREATE INDEX CONCURRENTLY IF NOT EXISTS name, DROP INDEX CONCURRENTLY IF EXISTS name "
        + "(at the beginning of a line), or a DO block with a LOOP that has a COMMIT";

    /// <summary>What an action of ALTER TABLE may not be, and what to write instead.</summary>
    private static readonly (Regex Action, string Finding)[] Actions =
    [
        (Check(), "A new CHECK or FOREIGN KEY reads all rows under its lock. Write ADD CONSTRAINT … NOT VALID, and "
            + "VALIDATE CONSTRAINT in the next script"),
        (Unique(), "UNIQUE, PRIMARY KEY and EXCLUDE build an index under their lock. Write CREATE UNIQUE INDEX CONCURRENTLY, and "
            + "ADD CONSTRAINT … USING INDEX in the next script"),
        (SetNotNull(), "SET NOT NULL reads all rows under its lock. Write ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, and "
            + "VALIDATE CONSTRAINT in the next script"),
        (NotNullColumn(), "A column that is NOT NULL without a default is impossible beside rows. Allow NULL, or give it a default"),
        (Type(), "Another type rewrites the table under its lock. Add a column, write both, and fill it in batches"),
        (Computed(), "A default that is computed for each row rewrites the table under its lock. Add the column without it, then "
            + "ALTER COLUMN … SET DEFAULT, and fill the rows in batches"),
        (Storage(), "SET LOGGED, UNLOGGED, TABLESPACE and ACCESS METHOD rewrite the table under its lock"),
    ];

    /// <summary>What is wrong with the script, and what to write instead; empty when nothing is.</summary>
    internal static IReadOnlyList<string> BrokenBy(string sql)
    {
        var statements = SqlStatement.Of(sql);
        var script = new MigrationScript("", sql);
        return [.. (script.IsOnline ? OfOnline(script, statements) : OfTransaction(statements)).Distinct()];
    }

    private static IEnumerable<string> OfOnline(MigrationScript script, IReadOnlyList<SqlStatement> statements)
    {
        if (statements is not [var statement])
            return [OneStatement];
        var isBatches = Do().IsMatch(statement.Text) && Batches().IsMatch(statement.Body);
        if (script.ConcurrentIndex is null && !isBatches)
            return [OnlineForm];
        return isBatches && Ddl().IsMatch(statement.Body) ? [Hidden] : [];
    }

    private static IEnumerable<string> OfTransaction(IReadOnlyList<SqlStatement> statements)
    {
        var created = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (text, body) in statements)
        {
            if (Table(CreateTable(), text) is { } table)
                created.Add(table);
            if (Table(CreateIndex(), text) is { } indexed && !created.Contains(indexed))
                yield return Index;
            if (AnyLock().IsMatch(text))
                yield return Lock;
            if (Do().IsMatch(text) && Ddl().IsMatch(body))
                yield return Hidden;
            if (Changed(Dml().IsMatch(text) ? text : Do().IsMatch(text) ? body : "").Any(changed => !created.Contains(changed)))
                yield return Change;
            if (Table(AlterTable(), text) is { } altered && !created.Contains(altered))
                foreach (var (_, finding) in Actions.Where(refused => ActionsOf(text).Any(refused.Action.IsMatch)))
                    yield return finding;
        }

        if (statements.Any(statement => ActionsOf(statement.Text).Any(Validate().IsMatch))
            && !statements.All(statement => ActionsOf(statement.Text) is { Count: > 0 } actions && actions.All(Validate().IsMatch)))
            yield return Validation;
    }

    private static string? Table(Regex statement, string text) =>
        statement.Match(text) is { Success: true } match ? match.Groups["table"].Value : null;

    private static IEnumerable<string> Changed(string sql) => ChangedTable().Matches(sql).Select(change => change.Groups["table"].Value);

    /// <summary>What an ALTER TABLE does, split at the commas outside of parentheses; empty for another statement.</summary>
    private static IReadOnlyList<string> ActionsOf(string text)
    {
        if (AlterTable().Match(text) is not { Success: true } alter)
            return [];
        var all = alter.Groups["actions"].Value;
        var (parts, depth, from) = (new List<string>(), 0, 0);
        for (var at = 0; at < all.Length; at++)
        {
            depth += all[at] switch { '(' => 1, ')' => -1, _ => 0 };
            if (all[at] != ',' || depth > 0)
                continue;
            parts.Add(all[from..at].Trim());
            from = at + 1;
        }

        return [.. parts, all[from..].Trim()];
    }

    private const RegexOptions Sql = RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture;
    private const int Limit = 1000;

    [GeneratedRegex(@"^CREATE (UNLOGGED )?TABLE (IF NOT EXISTS )?(?<table>[\w.]+)", Sql, Limit)]
    private static partial Regex CreateTable();

    [GeneratedRegex(@"^CREATE (UNIQUE )?INDEX (.*? )?ON (ONLY )?(?<table>[\w.]+)", Sql, Limit)]
    private static partial Regex CreateIndex();

    [GeneratedRegex(@"^ALTER TABLE (IF EXISTS )?(ONLY )?(?<table>[\w.]+) (?<actions>.+)$", Sql, Limit)]
    private static partial Regex AlterTable();

    [GeneratedRegex(@"^(CLUSTER|REINDEX|LOCK|VACUUM)\b", Sql, Limit)]
    private static partial Regex AnyLock();

    [GeneratedRegex(@"^(WITH|UPDATE|DELETE|MERGE)\b", Sql, Limit)]
    private static partial Regex Dml();

    [GeneratedRegex(@"(?<!\b(FOR|KEY|DO) )\b(UPDATE|DELETE FROM|MERGE INTO) (ONLY )?(?<table>[\w.]+)", Sql, Limit)]
    private static partial Regex ChangedTable();

    [GeneratedRegex(@"^DO\b", Sql, Limit)]
    private static partial Regex Do();

    [GeneratedRegex(@"\bLOOP\b.*\bCOMMIT\b.*\bEND LOOP\b", Sql, Limit)]
    private static partial Regex Batches();

    [GeneratedRegex(@"\b(ALTER|CREATE|DROP|EXECUTE)\b", Sql, Limit)]
    private static partial Regex Ddl();

    [GeneratedRegex(@"^VALIDATE CONSTRAINT\b", Sql, Limit)]
    private static partial Regex Validate();

    [GeneratedRegex(@"^ADD (?!.*\bNOT VALID$).*\b(CHECK|FOREIGN KEY|REFERENCES)\b", Sql, Limit)]
    private static partial Regex Check();

    [GeneratedRegex(@"^ADD (?!.*\bUSING INDEX\b).*\b(UNIQUE|PRIMARY KEY|EXCLUDE)\b", Sql, Limit)]
    private static partial Regex Unique();

    [GeneratedRegex(@"^ALTER (COLUMN )?\w+ SET NOT NULL\b|^ADD (CONSTRAINT \w+ )?NOT NULL \w+$", Sql, Limit)]
    private static partial Regex SetNotNull();

    [GeneratedRegex(@"^ADD (?!CONSTRAINT\b|CHECK\b|NOT NULL\b)(?!.*\bDEFAULT\b).*\bNOT NULL\b", Sql, Limit)]
    private static partial Regex NotNullColumn();

    [GeneratedRegex(@"^ALTER (COLUMN )?\w+ (SET DATA )?TYPE\b", Sql, Limit)]
    private static partial Regex Type();

    /// <summary>Only a constant, and the time of the transaction, is the same for all rows.</summary>
    [GeneratedRegex(
        @"^ADD .*(\b(GENERATED|SERIAL|SMALLSERIAL|BIGSERIAL)\b"
        + @"|\bDEFAULT (?!(''|[-+]?[\d.]+|TRUE|FALSE|NULL|NOW\(\)|CURRENT_TIMESTAMP)(::\w+(\[\])?)?( |$)))",
        Sql, Limit)]
    private static partial Regex Computed();

    [GeneratedRegex(@"^SET (LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)\b", Sql, Limit)]
    private static partial Regex Storage();
}
