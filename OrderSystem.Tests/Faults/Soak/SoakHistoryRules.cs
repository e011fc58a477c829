using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Faults.Soak;

/// <summary>Checks the responses to each client against each other and against the final status of the order.</summary>
internal static class SoakHistoryRules
{
    internal static IReadOnlyList<string> Check(IEnumerable<SoakJourney> journeys, AuditSnapshot snapshot)
    {
        var statuses = snapshot.Orders.ToDictionary(order => order.Id, order => order.Status);
        return [.. journeys.Where(journey => journey.Request.OrderId is not null)
            .SelectMany(journey => Check(journey, statuses.GetValueOrDefault(journey.Request.OrderId!.Value)))];
    }

    private static IEnumerable<string> Check(SoakJourney journey, string? now)
    {
        var id = journey.Request.OrderId;
        foreach (var answer in journey.Answers.Where(answer => answer.Code is not (null or 200 or 202 or 409 or 429 or 503)))
            yield return $"{(answer.Code == 404 ? "I1" : "I5")} order {id} was accepted, "
                + $"and a {answer.Verb} of it was answered with {answer.Code}";

        foreach (var refused in journey.Cancels.Where(
            answer => answer is { Code: 409, Status: not ("paid" or "paymentFailed" or "manualReview") }))
            yield return $"I6 a cancel of order {id} was rejected because it is {refused.Status}";

        // A status in one response must not be reverted in the response to a later request.
        var seen = journey.Answers.Where(answer => StatusOf(answer) is not null).ToArray();
        foreach (var later in seen)
        {
            if (seen.LastOrDefault(earlier =>
                earlier.Ended < later.Started && !MayBecome(StatusOf(earlier)!, StatusOf(later)!)) is { } earlier)
                yield return $"I6 order {id} was {StatusOf(earlier)} at {earlier.Ended.TotalSeconds:0.00} s "
                    + $"and {StatusOf(later)} at {later.Started.TotalSeconds:0.00} s";
        }

        foreach (var answer in seen.Where(answer => now is not null && !MayBecome(StatusOf(answer)!, now)))
            yield return $"I6 order {id} was {StatusOf(answer)} at {answer.Ended.TotalSeconds:0.00} s ({answer.Verb}) "
                + $"and is {now} at the end";
    }

    /// <summary>An accepted cancel shows the status like a GET.</summary>
    private static string? StatusOf(SoakAnswer answer) => answer is { Verb: "cancel", Code: 202 } ? "cancelled" : answer.Status;

    private static bool MayBecome(string earlier, string later) =>
        earlier == later || earlier == "pending" || (earlier == "manualReview" && later != "pending");
}
