namespace OrderSystem.Tests.Faults.Soak;

/// <summary>
/// The faults of a soak. They are drawn in random order, each of them once before
/// any is repeated. A fault breaks something and has healed it when it returns.
/// </summary>
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
        new("F19", "commit responses lost", SoakPart.Postgres, SoakDatabaseFaults.LoseCommitsAsync),
        new("F21", "PostgreSQL's disk full", SoakPart.Postgres, SoakDatabaseFaults.FillDiskAsync),
        new("F24", "relay killed between acknowledgement and delete", SoakPart.Nats | SoakPart.Postgres | SoakPart.Apis,
            SoakProcessFaults.KillRelaysAsync),
        new("F26", "instances killed", SoakPart.Apis | SoakPart.Workers, SoakProcessFaults.KillAnyAsync),
        new("F27", "worker killed at the points of a charge", SoakPart.Nats | SoakPart.Postgres | SoakPart.Provider | SoakPart.Workers,
            SoakChargeFaults.KillWorkersAsync),
        new("F29", "provider charges and its response is lost", SoakPart.Provider, SoakProviderFaults.LoseAnswersAsync),
        new("F30", "provider down", SoakPart.Provider, SoakProviderFaults.StopAsync),
        new("F31", "JetStream store deleted", SoakPart.Nats, SoakBrokerFaults.DeleteStoreAsync),
        new("F32", "SIGTERM to instances", SoakPart.Apis | SoakPart.Workers, SoakProcessFaults.StopSomeAsync),
        new("F33", "table locked", SoakPart.Postgres, SoakDatabaseFaults.LockTableAsync),
        new("F34", "database read-only", SoakPart.Postgres, SoakDatabaseFaults.MakeReadOnlyAsync),
        new("F37", "provider stalls in the body", SoakPart.Provider, SoakProviderFaults.StallAsync),
        new("F36", "identity provider down", SoakPart.Apis, SoakHostFaults.StopIdentityProviderAsync),
        new("F42", "wall clock stepped", SoakPart.Clocks, SoakHostFaults.StepClockAsync),
        new("-", "row locked", SoakPart.Postgres, SoakDatabaseFaults.LockRowAsync),
        new("-", "one link black-holed, connections stay open", SoakPart.Nats | SoakPart.Postgres | SoakPart.Provider,
            SoakLinkFaults.FreezeAsync),
        new("-", "provider killed and restarted", SoakPart.Provider, SoakProviderFaults.KillAsync),
        new("-", "provider slow, hanging, rate-limiting", SoakPart.Provider, SoakProviderFaults.SlowAsync),
    ];
}

/// <param name="Id">Its number in the failure catalogue, or - if it has none.</param>
/// <param name="What">The description.</param>
/// <param name="Parts">The parts that it breaks or needs. Faults with a common part do not run at the same time.</param>
/// <param name="BreakAsync">Breaks the parts and heals them.</param>
internal sealed record SoakFault(string Id, string What, SoakPart Parts, Func<SoakEnvironment, Task> BreakAsync)
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
