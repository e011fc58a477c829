using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace OrderSystem.Tests.Support;

/// <summary>All requests and their responses.</summary>
internal sealed class LoadHistory
{
    private readonly ConcurrentQueue<LoadRequest> requests = new();

    internal IReadOnlyCollection<LoadRequest> Requests => requests;

    /// <summary>The orders that were answered with 2xx.</summary>
    internal IEnumerable<Guid> Accepted => requests.Where(request => request.OrderId is not null).Select(request => request.OrderId!.Value);

    /// <summary>Responses that no fault explains: neither accepted nor rejected for now.</summary>
    internal IEnumerable<LoadAttempt> Unexpected =>
        requests.SelectMany(request => request.Attempts).Where(attempt => attempt.Outcome == LoadOutcome.Unexpected);

    internal void Add(LoadRequest request) => requests.Enqueue(request);

    public override string ToString()
    {
        var attempts = requests.SelectMany(request => request.Attempts).ToArray();
        var slowest = attempts.Select(attempt => attempt.Ended - attempt.Started).DefaultIfEmpty().Max();
        var outcomes = string.Join(
            ", ", attempts.GroupBy(attempt => attempt.Outcome).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key}"));
        return $"{requests.Count} requests, {Accepted.Count()} accepted; {attempts.Length} attempts: {outcomes}; "
            + $"slowest {slowest.TotalSeconds:0.0} s";
    }
}

/// <summary>
/// One order that a client places under one key, with all attempts. The customer is unique, so that its orders can be counted.
/// </summary>
internal sealed record LoadRequest(string Key, string CustomerId, decimal Total, string Currency)
{
    private readonly List<LoadAttempt> attempts = [];

    internal IReadOnlyList<LoadAttempt> Attempts
    {
        get
        {
            lock (attempts)
                return [.. attempts];
        }
    }

    /// <summary>The bytes of every attempt.</summary>
    internal byte[] Body { get; set; } = [];

    /// <summary>The order, once it was answered with 2xx.</summary>
    internal Guid? OrderId => Attempts.FirstOrDefault(attempt => attempt.OrderId is not null)?.OrderId;

    internal void Add(LoadAttempt attempt)
    {
        lock (attempts)
            attempts.Add(attempt);
    }

    public override string ToString() => $"{Key} [{string.Join("; ", Attempts)}]";
}

/// <summary>One attempt to place the order. Times are those of the run's stopwatch.</summary>
internal sealed record LoadAttempt(
    TimeSpan Started, TimeSpan Ended, Uri Api, LoadOutcome Outcome, HttpStatusCode? Status, Guid? OrderId, string? Error)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Started.TotalSeconds:0.00}-{Ended.TotalSeconds:0.00} s {Api.Authority} {Outcome} {(int?)Status} {OrderId} {Error}");
}

internal enum LoadOutcome
{
    Accepted,

    /// <summary>503 or 429 with Retry-After, or 409 for a key that is in use.</summary>
    RetryLater,

    /// <summary>No response: the outcome of the request is unknown.</summary>
    NoResponse,
    Unexpected,
}
