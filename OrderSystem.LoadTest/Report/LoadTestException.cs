namespace OrderSystem.LoadTest.Report;

/// <summary>An error that the user can fix; its message is printed without a stack trace.</summary>
internal sealed class LoadTestException(string message) : Exception(message);
