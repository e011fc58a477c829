using System.ComponentModel.DataAnnotations;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Section <c>Limits</c>: what one instance takes on, and how much of that one client may have.</summary>
internal sealed class LimitOptions
{
    internal const string Section = "Limits";

    /// <summary>Open connections; one more is closed at once. Each costs a few kilobytes while it is idle. Default 4,096.</summary>
    [Range(1, 1_000_000)]
    public int Connections { get; set; } = 4_096;

    /// <summary>Requests that may be under way; one more gets 503. More means that under overload all wait longer instead of some being told to come back. Default 1,024.</summary>
    [Range(1, 1_000_000)]
    public int Requests { get; set; } = 1_024;

    /// <summary>The same of one client; one more gets 429. Well below <see cref="Requests"/>, or one client that sends slowly keeps out the others. Default 256.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerClient { get; set; } = 256;

    /// <summary>Requests of one client a second, in the long run; more get 429. Default 500.</summary>
    [Range(1, 1_000_000)]
    public int ClientRate { get; set; } = 500;

    /// <summary>Requests of one client at once, after a pause. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int ClientBurst { get; set; } = 1_000;
}
