using OrderSystem.Messaging.Schema;
using OrderSystem.OrderApi.Orders;
using OrderSystem.PaymentWorker.Payments;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>No new migration script locks a table that has any number of rows.</summary>
[Fast]
public sealed class MigrationScriptTests
{
    /// <summary>Scripts of releases that did so; they never change.</summary>
    private static readonly string[] Released =
    [
        "OrderSystem.Messaging/0005_redrives.sql",
        "OrderSystem.Messaging/0006_retention.sql",
        "OrderSystem.Messaging/0008_parked.sql",
        "OrderSystem.OrderApi/0011_clients.sql",
        "OrderSystem.OrderApi/0012_refunds.sql",
        "OrderSystem.OrderApi/0013_sweep_due.sql",
        "OrderSystem.PaymentWorker/0002_refunds.sql",
        "OrderSystem.PaymentWorker/0006_operator_actions.sql",
        "OrderSystem.PaymentWorker/0007_due.sql",
        "OrderSystem.PaymentWorker/0010_webhooks.sql",
    ];

    private static readonly MigrationScript[] Scripts =
    [
        .. new[] { typeof(OrdersApi), typeof(BeginCharge), typeof(MigrationScriptTests) }
            .SelectMany(type => MigrationScript.Of(type.Assembly)).DistinctBy(script => script.Id),
    ];

    [Fact]
    public void No_new_script_locks_a_table_with_rows()
    {
        Assert.True(Scripts.Length > 30);
        Assert.Empty(
            from script in Scripts
            where !Released.Contains(script.Id, StringComparer.Ordinal)
            from finding in MigrationRules.BrokenBy(script.Sql)
            select $"{script.Id}: {finding}.");
    }

    [Fact]
    public void Every_exception_is_a_script_that_needs_it() => Assert.All(
        Released, id => Assert.NotEmpty(MigrationRules.BrokenBy(Scripts.Single(script => script.Id == id).Sql)));

    [Theory]
    [InlineData("CREATE INDEX by_name ON orders (name)", "CREATE INDEX blocks")]
    [InlineData("CREATE UNIQUE INDEX ON ONLY orders (name)", "CREATE INDEX blocks")]
    [InlineData("-- online?\nCREATE INDEX CONCURRENTLY IF NOT EXISTS by_name ON orders (name)", "CREATE INDEX blocks")]
    [InlineData("CREATE TABLE refunds (id int); CREATE INDEX by_name ON orders (name)", "CREATE INDEX blocks")]
    [InlineData("ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0)", "A new CHECK or FOREIGN KEY")]
    [InlineData("ALTER TABLE orders ADD CHECK (total IN (1, 2)), ADD CHECK (total > 0) NOT VALID", "A new CHECK or FOREIGN KEY")]
    [InlineData("ALTER TABLE orders ADD COLUMN state text CHECK (state <> 'NOT VALID')", "A new CHECK or FOREIGN KEY")]
    [InlineData("ALTER TABLE refunds ADD CONSTRAINT known FOREIGN KEY (order_id) REFERENCES orders", "A new CHECK or FOREIGN KEY")]
    [InlineData("ALTER TABLE refunds ADD COLUMN order_id uuid REFERENCES orders", "A new CHECK or FOREIGN KEY")]
    [InlineData("ALTER TABLE orders ADD CONSTRAINT one_name UNIQUE (name)", "UNIQUE, PRIMARY KEY and EXCLUDE build")]
    [InlineData("ALTER TABLE orders ADD PRIMARY KEY (name)", "UNIQUE, PRIMARY KEY and EXCLUDE build")]
    [InlineData("alter table only orders alter name set not null", "SET NOT NULL reads")]
    [InlineData("ALTER TABLE orders ADD CONSTRAINT named NOT NULL name", "SET NOT NULL reads")]
    [InlineData("ALTER TABLE orders ADD COLUMN name text NOT NULL", "A column that is NOT NULL without a default")]
    [InlineData("ALTER TABLE orders ALTER COLUMN total TYPE numeric(10, 2)", "Another type rewrites")]
    [InlineData("ALTER TABLE orders ALTER total SET DATA TYPE bigint USING total * 100", "Another type rewrites")]
    [InlineData("ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()", "A default that is computed")]
    [InlineData("ALTER TABLE orders ADD seen timestamptz DEFAULT clock_timestamp()", "A default that is computed")]
    [InlineData("ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY", "A default that is computed")]
    [InlineData("ALTER TABLE orders ADD COLUMN number bigserial", "A default that is computed")]
    [InlineData("ALTER TABLE orders SET UNLOGGED", "SET LOGGED, UNLOGGED")]
    [InlineData("UPDATE orders SET total = 1 WHERE id < 10", "UPDATE, DELETE and MERGE lock")]
    [InlineData("DELETE FROM ONLY orders", "UPDATE, DELETE and MERGE lock")]
    [InlineData("WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone", "UPDATE, DELETE and MERGE lock")]
    [InlineData("DO $$ BEGIN UPDATE orders SET total = 1; END $$", "UPDATE, DELETE and MERGE lock")]
    [InlineData("DO $do$ BEGIN EXECUTE 'ALTER TABLE orders ALTER total TYPE int'; END $do$", "A DO block with ALTER")]
    [InlineData("LOCK TABLE orders", "CLUSTER, VACUUM FULL, REINDEX")]
    [InlineData("ALTER TABLE orders VALIDATE CONSTRAINT known; ALTER TABLE orders ADD COLUMN name text", "VALIDATE CONSTRAINT reads")]
    [InlineData("ALTER TABLE orders VALIDATE CONSTRAINT known, ADD COLUMN name text", "VALIDATE CONSTRAINT reads")]
    [InlineData("-- online\nCREATE INDEX CONCURRENTLY by_name ON orders (name)", "A script with the first line '-- online' is CREATE")]
    [InlineData("-- online\nUPDATE orders SET total = 1", "A script with the first line '-- online' is CREATE")]
    [InlineData("-- online\nDO $$ BEGIN LOOP UPDATE orders SET total = 1; END LOOP; END $$", "A script with the first line '-- online' is")]
    [InlineData("-- online\nDO $$ BEGIN LOOP ALTER TABLE orders ADD a int; COMMIT; END LOOP; END $$", "A DO block with ALTER")]
    [InlineData("-- online\nDROP INDEX CONCURRENTLY IF EXISTS a; DROP INDEX b", "A script with the first line '-- online' is rep")]
    public void A_script_that_would_lock_a_table_with_rows_is_refused(string sql, string finding) =>
        Assert.StartsWith(finding, Assert.Single(MigrationRules.BrokenBy(sql)), StringComparison.Ordinal);

    [Theory]
    [InlineData("CREATE TABLE t (a int CHECK (a > 0)); CREATE INDEX b ON t (a); UPDATE t SET a = 1; ALTER TABLE t ADD UNIQUE (a)")]
    [InlineData("ALTER TABLE orders ADD COLUMN a numeric(10, 2) NOT NULL DEFAULT 0, ADD b timestamptz NOT NULL DEFAULT now(), ADD c text")]
    [InlineData("ALTER TABLE orders ADD COLUMN a jsonb NOT NULL DEFAULT '{}'::jsonb, ALTER COLUMN id SET DEFAULT gen_random_uuid()")]
    [InlineData("ALTER TABLE orders DROP CONSTRAINT a; ALTER TABLE orders ADD CONSTRAINT a CHECK (b IS NOT NULL) NOT VALID")]
    [InlineData("ALTER TABLE orders VALIDATE CONSTRAINT a; ALTER TABLE refunds VALIDATE CONSTRAINT b;")]
    [InlineData("ALTER TABLE orders ADD CONSTRAINT a UNIQUE USING INDEX b")]
    [InlineData("CREATE TRIGGER a BEFORE UPDATE OR DELETE ON orders FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")]
    [InlineData("CREATE FUNCTION a() RETURNS void LANGUAGE sql AS $$ UPDATE orders SET total = 1; $$; GRANT UPDATE ON orders TO a")]
    [InlineData("-- UPDATE orders SET total = 1;\n/* CREATE INDEX a ON orders (b); */ COMMENT ON TABLE orders IS 'a; CREATE INDEX ON b'")]
    [InlineData("DROP INDEX a")]
    [InlineData("-- online\n-- Why.\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a\n    ON orders (b);\n")]
    [InlineData("-- online\nDROP INDEX CONCURRENTLY IF EXISTS a")]
    [InlineData("-- online\nDO $$ BEGIN LOOP UPDATE orders SET a = 1; EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$")]
    public void A_script_that_locks_tables_only_for_a_moment_is_accepted(string sql) => Assert.Empty(MigrationRules.BrokenBy(sql));
}
