using Npgsql;

namespace OrderSystem.Messaging.Connections;

/// <summary>
/// Connects to the primary when a connection string names several hosts, in services, <c>migrate</c> and all commands. By default Npgsql
/// uses the first host that responds, which may be a read-only standby.
/// </summary>
internal static class PostgresHosts
{
    private const string TargetSession = "Target Session Attributes";
    private const string Recheck = "Host Recheck Seconds";

    internal static string MayLeadToStandby(string name) =>
        $"ConnectionStrings__{name} names several hosts and may send writes to a read-only standby. Omit '{TargetSession}', which then is "
        + "'primary', or set it to 'primary' or 'read-write'.";

    /// <summary>Parses the connection string and adds the settings that several hosts need.</summary>
    internal static NpgsqlConnectionStringBuilder ToPrimary(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (!AreSeveral(settings))
            return settings;
        if (!settings.ShouldSerialize(TargetSession))
            settings[TargetSession] = "primary";

        // Npgsql caches the state of a host for this long: after a failover the former standby is the primary.
        if (!settings.ShouldSerialize(Recheck))
            settings[Recheck] = 2;
        return settings;
    }

    /// <summary>Whether the connection string only accepts a host that takes writes.</summary>
    internal static bool LeadToPrimary(string connectionString)
    {
        var settings = ToPrimary(connectionString);
        return !AreSeveral(settings) || settings.TargetSessionAttributes is "primary" or "read-write";
    }

    private static bool AreSeveral(NpgsqlConnectionStringBuilder settings) =>
        settings.Host?.Contains(',', StringComparison.Ordinal) is true;
}
