using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>All that one client did with one order, and what it saw. Times are those of the soak's clock.</summary>
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

/// <summary>What was answered to a GET or a cancel.</summary>
/// <param name="Verb">GET or cancel.</param>
/// <param name="Started">When it was asked.</param>
/// <param name="Ended">When the answer was there.</param>
/// <param name="Code">The HTTP status; null for no answer.</param>
/// <param name="Status">The order's status, where the answer says it.</param>
internal sealed record SoakAnswer(string Verb, TimeSpan Started, TimeSpan Ended, int? Code, string? Status);
