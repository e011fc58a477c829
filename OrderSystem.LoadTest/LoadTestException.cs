namespace OrderSystem.LoadTest;

/// <summary>What the user is told in one line.</summary>
internal sealed class LoadTestException(string message) : Exception(message);
