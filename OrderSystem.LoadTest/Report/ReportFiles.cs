using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrderSystem.LoadTest.Report;

/// <summary>Writes and reads the JSON of a run.</summary>
internal static class ReportFiles
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static async Task WriteAsync(RunReport run, string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{run.StartedAt:yyyyMMdd-HHmmss}.json");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(run, Json));
        await Console.Out.WriteLineAsync($"\n{path}");
    }

    internal static async Task<RunReport> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            return await ReadAsync(file, path, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new LoadTestException($"{path} is not the JSON of a run: {failure.Message}");
        }
    }
    internal static async Task<RunReport> ReadAsync(Stream file, string name, CancellationToken cancellationToken) =>
        await JsonSerializer.DeserializeAsync<RunReport>(file, Json, cancellationToken)
            ?? throw new LoadTestException($"{name} is empty.");
}
