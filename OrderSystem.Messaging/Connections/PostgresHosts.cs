using Npgsql;

namespace OrderSystem.Messaging.Connections;

/// <summary>Of several hosts in a connection string the one that takes writes, for a service, <c>migrate</c> and every command. The client alone would take the first that answers.</summary>
internal static class PostgresHosts
{
    private const string TargetSession = "Target Session Attributes";
    private const string Recheck = "Host Recheck Seconds";

    internal static string MayLeadToStandby(string name) =>
        $"ConnectionStrings__{name} names several hosts and may lead writes to a standby. Leave '{TargetSession}' out, which means 'primary', or set it to 'primary' or 'read-write'.";

    /// <summary>The settings, completed by what several hosts need.</summary>
    internal static NpgsqlConnectionStringBuilder ToPrimary(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (!AreSeveral(settings))
            return settings;
        if (!settings.ShouldSerialize(TargetSession))
            settings[TargetSession] = "primary";

        // A host that was a standby is not tried for this long: after a failover it is the one to use.
        if (!settings.ShouldSerialize(Recheck))
            settings[Recheck] = 2;
        return settings;
    }

    /// <summary>Whether only a server that takes writes will do.</summary>
    internal static bool LeadToPrimary(string connectionString)
    {
        var settings = ToPrimary(connectionString);
        return !AreSeveral(settings) || settings.TargetSessionAttributes is "primary" or "read-write";
    }

    private static bool AreSeveral(NpgsqlConnectionStringBuilder settings) => settings.Host?.Contains(',', StringComparison.Ordinal) is true;
}
