namespace OrderSystem.Tests.Support;

/// <summary>The users of production, and one more for the tests, which has all permissions.</summary>
internal static class NatsUsers
{
    internal const string File = NatsUserFiles.Users;
    internal const string OrderApi = "order-api";
    internal const string PaymentWorker = "payment-worker";
    internal const string Provisioning = "provisioning";
    internal const string Ops = "ops";

    /// <summary>The users of production.</summary>
    internal static IReadOnlyList<string> All => NatsUserFiles.Names;

    /// <summary>The file with their permissions.</summary>
    internal static string Source => NatsUserFiles.Source;

    internal static string PasswordOf(string user) => $"only-for-{user}";

    /// <summary>The user of a service.</summary>
    internal static string Of(string project) => project == "OrderSystem.PaymentWorker" ? PaymentWorker : OrderApi;

    /// <summary>Writes the users and passwords for a server's configuration to include.</summary>
    internal static async Task WriteAsync(string folder)
    {
        var users = await System.IO.File.ReadAllTextAsync(Source);
        var tests = $$"""users: [ { user: tests, password: "{{PasswordOf("tests")}}" }""";
        await System.IO.File.WriteAllTextAsync(
            Path.Combine(folder, File), users.Replace("users: [", tests, StringComparison.Ordinal));
        await WritePasswordsAsync(folder, PasswordOf);
    }

    internal static Task WritePasswordsAsync(string folder, Func<string, string> passwordOf) => System.IO.File.WriteAllTextAsync(
        Path.Combine(folder, NatsUserFiles.Passwords), NatsUserFiles.WritePasswords(passwordOf));

    internal static string VariableOf(string user) => NatsUserFiles.VariableOf(user);
}
