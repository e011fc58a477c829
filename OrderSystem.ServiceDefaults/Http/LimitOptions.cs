using System.ComponentModel.DataAnnotations;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Section <c>Limits</c>: the load that one instance accepts, and the share of it that one client may use.</summary>
internal sealed class LimitOptions
{
    internal const string Section = "Limits";

    /// <summary>
    /// Maximum open connections; a further one is closed at once. An idle connection costs a few kilobytes. Default 4,096.
    /// </summary>
    [Range(1, 1_000_000)]
    public int Connections { get; set; } = 4_096;

    /// <summary>
    /// Maximum concurrent requests; a further one gets 503 with Retry-After. A higher limit lets all requests wait longer under overload
    /// instead of rejecting some. Default 1,024.
    /// </summary>
    [Range(1, 1_000_000)]
    public int Requests { get; set; } = 1_024;

    /// <summary>
    /// Maximum concurrent requests of one client; a further one gets 429. Keep it well below <see cref="Requests"/>, or one slow client
    /// starves the others. Default 256.
    /// </summary>
    [Range(1, 1_000_000)]
    public int RequestsPerClient { get; set; } = 256;

    /// <summary>Sustained requests per second of one client; more get 429. Default 500.</summary>
    [Range(1, 1_000_000)]
    public int ClientRate { get; set; } = 500;

    /// <summary>Requests of one client in a burst after a pause. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int ClientBurst { get; set; } = 1_000;
}
