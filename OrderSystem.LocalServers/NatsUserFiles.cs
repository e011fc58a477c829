namespace OrderSystem.LocalServers;

/// <summary>The files with the users of a nats-server, for its configuration to include.</summary>
public static class NatsUserFiles
{
    /// <summary>The users and their permissions.</summary>
    public const string Users = "users.conf";

    /// <summary>Their passwords, as variables that the first file uses.</summary>
    public const string Passwords = "passwords.conf";

    public static IReadOnlyList<string> Names { get; } = ["order-api", "payment-worker", "provisioning", "ops"];

    /// <summary>The permissions of production.</summary>
    public static string Source => Path.Combine(SolutionFolder.Root, "deploy", "nats", Users);

    public static string VariableOf(string user) => $"{user.Replace('-', '_').ToUpperInvariant()}_PASSWORD";

    /// <summary>The content of the second file.</summary>
    public static string WritePasswords(Func<string, string> passwordOf) =>
        string.Concat(Names.Select(user => $"{VariableOf(user)}: \"{passwordOf(user)}\"\n"));
}
