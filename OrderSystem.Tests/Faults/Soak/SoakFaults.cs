namespace OrderSystem.Tests.Faults.Soak;

/// <summary>All that is broken, in a random order: each once before any comes again. Each breaks something, and has healed it when it returns.</summary>
internal static class SoakFaults
{
    internal static IReadOnlyList<SoakFault> All { get; } =
    [
        new("F1", "nats-server killed in a loop", SoakPart.Nats, SoakBrokerFaults.KillAsync),
        new("F4", "nats-server frozen", SoakPart.Nats, SoakBrokerFaults.FreezeAsync),
        new("F6", "stream full", SoakPart.Nats, SoakBrokerFaults.FillStreamAsync),
        new("F12", "connections reset on all links", SoakPart.Nats | SoakPart.Postgres | SoakPart.Provider, SoakLinkFaults.ResetAsync),
        new("F13", "publish acknowledgements lost", SoakPart.Nats, SoakBrokerFaults.LoseAcknowledgementsAsync),
        new("F16", "PostgreSQL backends killed", SoakPart.Postgres, SoakDatabaseFaults.KillBackendsAsync),
        new("F17", "PostgreSQL down", SoakPart.Postgres, SoakDatabaseFaults.StopAsync),
        new("F19", "answers to commits lost", SoakPart.Postgres, SoakDatabaseFaults.LoseCommitsAsync),
        new("F21", "PostgreSQL's disk full", SoakPart.Postgres, SoakDatabaseFaults.FillDiskAsync),
        new("F24", "relay killed between acknowledgement and delete", SoakPart.Nats | SoakPart.Postgres | SoakPart.Apis, SoakProcessFaults.KillRelaysAsync),
        new("F26", "instances killed", SoakPart.Apis | SoakPart.Workers, SoakProcessFaults.KillAnyAsync),
        new("F27", "worker killed at the points of a charge", SoakPart.Nats | SoakPart.Postgres | SoakPart.Provider | SoakPart.Workers, SoakChargeFaults.KillWorkersAsync),
        new("F29", "provider charges and the answer is lost", SoakPart.Provider, SoakProviderFaults.LoseAnswersAsync),
        new("F30", "provider down", SoakPart.Provider, SoakProviderFaults.StopAsync),
        new("F31", "JetStream store deleted", SoakPart.Nats, SoakBrokerFaults.DeleteStoreAsync),
        new("F32", "SIGTERM to instances", SoakPart.Apis | SoakPart.Workers, SoakProcessFaults.StopSomeAsync),
        new("F33", "table locked", SoakPart.Postgres, SoakDatabaseFaults.LockTableAsync),
        new("F34", "database read-only", SoakPart.Postgres, SoakDatabaseFaults.MakeReadOnlyAsync),
        new("F37", "provider stalls in the body", SoakPart.Provider, SoakProviderFaults.StallAsync),
        new("F36", "identity provider away", SoakPart.Apis, SoakHostFaults.StopIdentityProviderAsync),
        new("F42", "wall clock stepped", SoakPart.Clocks, SoakHostFaults.StepClockAsync),
        new("-", "row locked", SoakPart.Postgres, SoakDatabaseFaults.LockRowAsync),
        new("-", "everything stuck on one link, nothing closed", SoakPart.Nats | SoakPart.Postgres | SoakPart.Provider, SoakLinkFaults.FreezeAsync),
        new("-", "provider killed and started again", SoakPart.Provider, SoakProviderFaults.KillAsync),
        new("-", "provider slow, hanging, limiting", SoakPart.Provider, SoakProviderFaults.SlowAsync),
    ];
}

/// <param name="Id">Its number among the tests, or - for one that has none.</param>
/// <param name="What">What it does.</param>
/// <param name="Parts">What it breaks or needs: what has these in common does not happen at once.</param>
/// <param name="BreakAsync">Breaks, and heals again.</param>
internal sealed record SoakFault(string Id, string What, SoakPart Parts, Func<SoakStage, Task> BreakAsync)
{
    public override string ToString() => Id == "-" ? What : $"{Id} {What}";
}

[Flags]
internal enum SoakPart
{
    None = 0,
    Nats = 1,
    Postgres = 2,
    Provider = 4,
    Apis = 8,
    Workers = 16,
    Clocks = 32,
}
