using Npgsql;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Defaults for settings that the connection string of a service leaves out.</summary>
internal static class PostgresDefaults
{
    internal static string Complete(string connectionString, string applicationName)
    {
        var settings = PostgresHosts.ToPrimary(connectionString);
        SetUnlessGiven(settings, "Application Name", applicationName);

        // Two pools with the default of 100 exceed the default max_connections of a server.
        SetUnlessGiven(settings, "Maximum Pool Size", 20);
        SetUnlessGiven(settings, "Timeout", 5);
        SetUnlessGiven(settings, "Command Timeout", 5);
        SetUnlessGiven(settings, "Keepalive", 15);
        SetUnlessGiven(settings, "Max Auto Prepare", 40);
        SetUnlessGiven(settings, "Auto Prepare Min Usages", 2);

        // A chiseled image has no Kerberos library; every process that probes for it logs to standard error.
        SetUnlessGiven(settings, "GSS Encryption Mode", nameof(GssEncryptionMode.Disable));

        // Prepared plans live as long as their connection and are often made while the tables are small: a sequential scan of a queue would
        // stay when the queue is long. Every statement of a service has an index; sessions of the audit and of a re-drive, which read whole
        // tables, enable sequential scans again. JIT would start on the penalty cost of a disabled scan.
        SetUnlessGiven(settings, "Options", "-c statement_timeout=5s -c lock_timeout=2s -c enable_seqscan=off -c jit=off");
        return settings.ConnectionString;
    }

    private static void SetUnlessGiven(NpgsqlConnectionStringBuilder settings, string keyword, object value)
    {
        if (!settings.ShouldSerialize(keyword))
            settings[keyword] = value;
    }
}
