namespace OrderSystem.LocalServers;

/// <summary>A server program is missing, or a server or one of its commands failed. The message contains its output.</summary>
public sealed class LocalServerException(string message) : Exception(message);
