using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>Settings that are checked before a service starts, so that one report names all that is wrong.</summary>
public static class RequiredSettings
{
    /// <summary>Refuses to start without the connection string.</summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="name">Name of the connection string.</param>
    /// <param name="example">What one looks like, for the message.</param>
    /// <param name="rules">What must hold of it, and what to say when it does not. That must not quote it: there are passwords in it.</param>
    public static void RequireConnectionString(
        this IHostApplicationBuilder builder, string name, string example, params IEnumerable<(Func<string, bool> Holds, string Otherwise)> rules)
    {
        var configuration = builder.Configuration;
        var options = builder.Services.AddOptions<RequiredConnectionString>(name)
            .Validate(_ => !string.IsNullOrWhiteSpace(configuration.GetConnectionString(name)), $"ConnectionStrings__{name} is not set; set it, for example to '{example}'.")
            .ValidateOnStart();
        foreach (var (holds, otherwise) in rules)
            options.Validate(_ => configuration.GetConnectionString(name) is not { } given || string.IsNullOrWhiteSpace(given) || holds(given), otherwise);
    }

    /// <summary>Binds the options to their section and validates their annotations at start.</summary>
    public static void AddValidatedOptions<TOptions>(this IHostApplicationBuilder builder, string section)
        where TOptions : class =>
        builder.Services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();

    private sealed class RequiredConnectionString;
}
