using System.Collections;
using System.Globalization;

// What a service of a sample application does: it ends with an exit code when told to, else it answers who it is and what it was given.
if (args is ["exit", var exitCode])
{
    await Console.Out.WriteLineAsync($"ending with {exitCode}");
    return int.Parse(exitCode, CultureInfo.InvariantCulture);
}

var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/", () => Environment.ProcessId);
app.MapGet("/environment", () => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value));
app.MapGet("/health", () => "healthy");
app.MapPost("/exit/{code:int}", (int code) => Environment.Exit(code));
await app.RunAsync();
return 0;
