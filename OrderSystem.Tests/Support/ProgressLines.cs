using System.Collections.Concurrent;
using System.Text;

namespace OrderSystem.Tests.Support;

/// <summary>What a migration writes while it runs.</summary>
internal sealed class ProgressLines
{
    private readonly ConcurrentQueue<string> lines = new();

    internal ProgressLines() => Writer = new LineWriter(lines);

    internal TextWriter Writer { get; }

    internal IReadOnlyList<string> Lines => [.. lines];

    /// <summary>Waits until a line has the text.</summary>
    /// <param name="text">Part of a line.</param>
    /// <param name="meanwhile">Runs before each look.</param>
    internal Task ContainAsync(string text, Action? meanwhile = null) => Eventually.GetAsync(
        $"the migration has written '{text}'",
        () =>
        {
            meanwhile?.Invoke();
            return Task.FromResult(Lines);
        },
        written => written.Any(line => line.Contains(text, StringComparison.Ordinal)));

    private sealed class LineWriter(ConcurrentQueue<string> lines) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override Task WriteLineAsync(string? value)
        {
            lines.Enqueue(value ?? "");
            return Task.CompletedTask;
        }
    }
}
