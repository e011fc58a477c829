using OrderSystem.Messaging.Operations;
namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary><c>DELETE /ops/dead-letters/{sequence}</c>: takes a letter from the stream for good.</summary>
internal static class DiscardDeadLetter
{
    internal static void MapDiscard(this IEndpointRouteBuilder letters) => letters.MapDelete("/{sequence:long:min(1)}", HandleAsync)
        .WithName("DiscardDeadLetter")
        .WithSummary("Deletes a dead letter. What it said is recorded, its body is gone.")
        .Produces(StatusCodes.Status204NoContent)
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound);

    internal static async Task<bool> DiscardAsync(
        DeadLetterStream letters, DeadLetterActions actions, ulong sequence, Operator by, CancellationToken cancellationToken)
    {
        if (await letters.FindAsync(sequence, cancellationToken) is not { } letter)
            return false;

        // Recorded first: what is gone could not be recorded any more.
        await actions.RecordAsync(letter, DeadLetterActions.Discard, by, "deleted", cancellationToken);
        return await letters.DeleteAsync(sequence, CancellationToken.None);
    }

    private static async Task<IResult> HandleAsync(
        long sequence, HttpRequest http, DeadLetterStream letters, DeadLetterActions actions, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        return await DiscardAsync(letters, actions, (ulong)sequence, by, cancellationToken) ? TypedResults.NoContent() : DeadLettersApi.NotFound(sequence);
    }
}
