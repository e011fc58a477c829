using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>Settings that are validated before a service starts, so that one report names every error.</summary>
public static class RequiredSettings
{
    /// <summary>Fails the start when the connection string is missing or breaks a rule.</summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="name">Name of the connection string.</param>
    /// <param name="example">An example value for the error message.</param>
    /// <param name="rules">Predicates with their error messages, which must not quote the connection string: it contains a
    /// password.</param>
    public static void RequireConnectionString(
        this IHostApplicationBuilder builder, string name, string example,
        params IEnumerable<(Func<string, bool> Holds, string Otherwise)> rules)
    {
        var configuration = builder.Configuration;
        var options = builder.Services.AddOptions<RequiredConnectionString>(name)
            .Validate(
                _ => !string.IsNullOrWhiteSpace(configuration.GetConnectionString(name)),
                $"ConnectionStrings__{name} is not set; set it, for example to '{example}'.")
            .ValidateOnStart();
        foreach (var (holds, otherwise) in rules)
            options.Validate(_ => configuration.GetConnectionString(name) is not { } given
                || string.IsNullOrWhiteSpace(given) || holds(given), otherwise);
    }

    /// <summary>Binds the options to their section and validates their annotations at start.</summary>
    public static void AddValidatedOptions<TOptions>(this IHostApplicationBuilder builder, string section)
        where TOptions : class =>
        builder.Services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();

    private sealed class RequiredConnectionString;
}
