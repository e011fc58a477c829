using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>Turns what can go wrong at start into one line on standard error and a non-zero exit code.</summary>
public static class StartupReport
{
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>Validates the options, starts the service, and runs it until it is asked to stop.</summary>
    /// <returns>The exit code: 0 after an orderly stop, 1 when the service could not start.</returns>
    public static async Task<int> RunServiceAsync(this WebApplication app)
    {
        await using (app)
        {
            try
            {
                app.Services.GetService<IStartupValidator>()?.Validate();
                await app.StartAsync(CancellationToken.None);
            }
            catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
            {
                // Asked to stop before it had started: that is an orderly stop too.
                return 0;
            }
            catch (Exception failure) when (Describe(failure) is { } line)
            {
                await Console.Error.WriteLineAsync($"{app.Environment.ApplicationName} cannot start: {line}");
                return 1;
            }

            app.Services.GetRequiredService<StartupPhase>().IsOver = true;
            await app.WaitForShutdownAsync(CancellationToken.None);
            return Environment.ExitCode;
        }
    }

    internal static void AddStartupReport(this IHostApplicationBuilder builder)
    {
        // Until the service runs, the host's own report of a failed start would put a stack trace beside the one line that is needed.
        var phase = new StartupPhase();
        builder.Services.AddSingleton(phase);
        builder.Logging.AddFilter(HostCategory, level => phase.IsOver && level >= LogLevel.Information);
    }

    private static string? Describe(Exception failure) => failure switch
    {
        StartupException => failure.Message,
        OptionsValidationException options => string.Join(" ", options.Failures),
        AggregateException { InnerExceptions: var all } when all.All(inner => Describe(inner) is not null) => string.Join(" ", all.Select(Describe)),
        InvalidOperationException { InnerException: FormatException or ArgumentException } => failure.Message,
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => failure.Message,
        IOException { InnerException: AddressInUseException } => $"{failure.Message} Stop the other process or set ASPNETCORE_URLS to a free port.",
        FormatException or InvalidOperationException or IOException when IsAboutAddresses(failure) => $"ASPNETCORE_URLS cannot be listened on: {failure.Message}",
        NotSupportedException { Source: "NATS.Net" } => failure.Message,
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AccessDenied } => failure.Message,
        _ => null,
    };

    private static bool IsAboutAddresses(Exception failure) => failure.Source is "Microsoft.AspNetCore.Http" or "Microsoft.AspNetCore.Server.Kestrel.Core";

    private sealed class StartupPhase
    {
        public volatile bool IsOver;
    }
}

/// <summary>A service cannot start for a reason that its operator can mend; the message says what to do.</summary>
public sealed class StartupException(string message) : Exception(message);
