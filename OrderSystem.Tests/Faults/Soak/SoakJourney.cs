using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>The requests of one client about one order, and their responses. Times are those of the soak's clock.</summary>
internal sealed class SoakJourney(LoadRequest request)
{
    private readonly List<SoakAnswer> answers = [];

    internal LoadRequest Request => request;

    internal IReadOnlyList<SoakAnswer> Answers
    {
        get
        {
            lock (answers)
                return [.. answers];
        }
    }

    internal IEnumerable<SoakAnswer> Views => Answers.Where(answer => answer.Verb == "GET");

    internal IEnumerable<SoakAnswer> Cancels => Answers.Where(answer => answer.Verb == "cancel");

    internal void Add(SoakAnswer answer)
    {
        lock (answers)
            answers.Add(answer);
    }
}

/// <summary>The response to a GET or a cancel.</summary>
/// <param name="Verb">GET or cancel.</param>
/// <param name="Started">When the request was sent.</param>
/// <param name="Ended">When the response arrived.</param>
/// <param name="Code">The HTTP status; null without a response.</param>
/// <param name="Status">The order's status, if the response contains it.</param>
internal sealed record SoakAnswer(string Verb, TimeSpan Started, TimeSpan Ended, int? Code, string? Status);
