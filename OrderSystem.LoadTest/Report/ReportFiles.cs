using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrderSystem.LoadTest.Report;

/// <summary>A run as files: JSON to be compared, a page to be looked at.</summary>
internal static class ReportFiles
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static async Task WriteAsync(RunReport run, string folder)
    {
        Directory.CreateDirectory(folder);
        var name = Path.Combine(folder, $"{run.StartedAt:yyyyMMdd-HHmmss}");
        await File.WriteAllTextAsync($"{name}.json", JsonSerializer.Serialize(run, Json));
        await File.WriteAllTextAsync($"{name}.html", HtmlReport.Write(run));
        await Console.Out.WriteLineAsync($"\n{name}.json\n{name}.html");
    }

    internal static async Task<RunReport> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync<RunReport>(file, Json, cancellationToken) ?? throw new LoadTestException($"{path} is empty.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new LoadTestException($"{path} is not the JSON of a run: {failure.Message}");
        }
    }
}
