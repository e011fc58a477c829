namespace OrderSystem.Tests.Support;

/// <summary>The users of NATS as they are everywhere, and one more for the tests, who may do everything.</summary>
internal static class NatsUsers
{
    internal const string File = "users.conf";
    internal const string OrderApi = "order-api";
    internal const string PaymentWorker = "payment-worker";
    internal const string Provisioning = "provisioning";
    internal const string Ops = "ops";

    /// <summary>All that may exist in production.</summary>
    internal static IReadOnlyList<string> All { get; } = [OrderApi, PaymentWorker, Provisioning, Ops];

    /// <summary>The file that says what each may do.</summary>
    internal static string Source { get; } = Path.Combine(Solution.Root, "deploy", "nats", File);

    internal static string PasswordOf(string user) => $"only-for-{user}";

    /// <summary>The user as whom a service connects.</summary>
    internal static string Of(string project) => project == "OrderSystem.PaymentWorker" ? PaymentWorker : OrderApi;

    /// <summary>Puts the file and the passwords where a server's configuration can include them.</summary>
    internal static async Task WriteAsync(string folder)
    {
        var users = await System.IO.File.ReadAllTextAsync(Source);
        await System.IO.File.WriteAllTextAsync(
            Path.Combine(folder, File), users.Replace("users: [", $$"""users: [ { user: tests, password: "{{PasswordOf("tests")}}" }""", StringComparison.Ordinal));
        await WritePasswordsAsync(folder, PasswordOf);
    }

    internal static Task WritePasswordsAsync(string folder, Func<string, string> passwordOf) => System.IO.File.WriteAllLinesAsync(
        Path.Combine(folder, "passwords.conf"), All.Select(user => $"{VariableOf(user)}: \"{passwordOf(user)}\""));

    internal static string VariableOf(string user) => $"{user.Replace('-', '_').ToUpperInvariant()}_PASSWORD";
}
