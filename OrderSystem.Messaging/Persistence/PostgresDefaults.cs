using Npgsql;
using OrderSystem.Messaging.Connections;

namespace OrderSystem.Messaging.Persistence;

/// <summary>What a service's connections are set to where its connection string does not say otherwise.</summary>
internal static class PostgresDefaults
{
    internal static string Complete(string connectionString, string applicationName)
    {
        var settings = PostgresHosts.ToPrimary(connectionString);
        SetUnlessGiven(settings, "Application Name", applicationName);

        // Two default pools of 100 are more than a default server's max_connections.
        SetUnlessGiven(settings, "Maximum Pool Size", 20);
        SetUnlessGiven(settings, "Timeout", 5);
        SetUnlessGiven(settings, "Command Timeout", 5);
        SetUnlessGiven(settings, "Keepalive", 15);
        SetUnlessGiven(settings, "Max Auto Prepare", 40);
        SetUnlessGiven(settings, "Auto Prepare Min Usages", 2);

        // A chiseled image has no Kerberos library, and says so on standard error with every process that looks for it.
        SetUnlessGiven(settings, "GSS Encryption Mode", nameof(GssEncryptionMode.Disable));

        // Plans are made once for each connection, often while the tables are still small: a plan that reads all of a queue stays when the queue has
        // become long. Every statement of a service has an index to go by; the sessions that read whole tables, of the audit and of a re-drive, switch it on
        // again. The compiler of plans would believe the cost that stands for "off", and begin to work.
        SetUnlessGiven(settings, "Options", "-c statement_timeout=5s -c lock_timeout=2s -c enable_seqscan=off -c jit=off");
        return settings.ConnectionString;
    }

    private static void SetUnlessGiven(NpgsqlConnectionStringBuilder settings, string keyword, object value)
    {
        if (!settings.ShouldSerialize(keyword))
            settings[keyword] = value;
    }
}
