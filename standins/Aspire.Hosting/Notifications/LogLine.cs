namespace Aspire.Hosting.ApplicationModel;

/// <summary>A line that a resource has logged.</summary>
/// <param name="LineNumber">Counted from 1.</param>
/// <param name="Content">The time in ISO 8601, a space and the text.</param>
/// <param name="IsErrorMessage">Whether it was written to standard error.</param>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);
