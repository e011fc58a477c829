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
    /// <param name="isReadable">Whether it is one.</param>
    /// <param name="unreadable">What to say when it is none. It must not quote it: there are passwords in it.</param>
    public static void RequireConnectionString(this IHostApplicationBuilder builder, string name, string example, Func<string, bool> isReadable, string unreadable)
    {
        var configuration = builder.Configuration;
        builder.Services.AddOptions<RequiredConnectionString>(name)
            .Validate(_ => !string.IsNullOrWhiteSpace(configuration.GetConnectionString(name)), $"ConnectionStrings__{name} is not set; set it, for example to '{example}'.")
            .Validate(_ => configuration.GetConnectionString(name) is not { } given || string.IsNullOrWhiteSpace(given) || isReadable(given), unreadable)
            .ValidateOnStart();
    }

    /// <summary>Binds the options to their section and validates their annotations at start.</summary>
    public static void AddValidatedOptions<TOptions>(this IHostApplicationBuilder builder, string section)
        where TOptions : class =>
        builder.Services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();

    private sealed class RequiredConnectionString;
}
