using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrderSystem.ServiceDefaults.Hosting;

/// <summary>Reports an expected failure at start as one line on standard error and exit code 1.</summary>
public static class StartupFailures
{
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>Validates the options, starts the service and runs it until it is stopped.</summary>
    /// <returns>The exit code: 0 after a graceful shutdown, 1 when the service could not start.</returns>
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
                // Stopped before the start was complete: a graceful shutdown too.
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

    internal static void AddStartupFailureReport(this IHostApplicationBuilder builder)
    {
        // Until the service runs, the host would log a stack trace beside the one line that the operator needs.
        var phase = new StartupPhase();
        builder.Services.AddSingleton(phase);
        builder.Logging.AddFilter(HostCategory, level => phase.IsOver && level >= LogLevel.Information);
    }

    private static string? Describe(Exception failure) => failure switch
    {
        StartupException => failure.Message,
        OptionsValidationException options => string.Join(" ", options.Failures),
        AggregateException { InnerExceptions: var all } when all.All(inner => Describe(inner) is not null) =>
            string.Join(" ", all.Select(Describe)),
        InvalidOperationException { InnerException: FormatException or ArgumentException } => failure.Message,
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => failure.Message,
        IOException { InnerException: AddressInUseException } =>
            $"{failure.Message} Stop the other process or set ASPNETCORE_URLS to a free port.",
        FormatException or InvalidOperationException or IOException when IsAboutAddresses(failure) =>
            $"listening on ASPNETCORE_URLS failed: {failure.Message}",
        NotSupportedException { Source: "NATS.Net" } => failure.Message,
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse or SocketError.AccessDenied } => failure.Message,
        _ => null,
    };

    private static bool IsAboutAddresses(Exception failure) =>
        failure.Source is "Microsoft.AspNetCore.Http" or "Microsoft.AspNetCore.Server.Kestrel.Core";

    private sealed class StartupPhase
    {
        public volatile bool IsOver;
    }
}

/// <summary>The service cannot start for a reason that its operator can fix; the message says how.</summary>
public sealed class StartupException(string message) : Exception(message);
