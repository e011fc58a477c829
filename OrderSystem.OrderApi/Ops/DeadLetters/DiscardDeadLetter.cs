using OrderSystem.Messaging.Operations;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary><c>DELETE /ops/dead-letters/{sequence}</c>: deletes a dead letter.</summary>
internal static class DiscardDeadLetter
{
    internal static void MapDiscard(this IEndpointRouteBuilder letters) => letters.MapDelete("/{sequence:long:min(1)}", HandleAsync)
        .WithName("DiscardDeadLetter")
        .WithSummary("Deletes a dead letter. Its reason and ids stay on record, its body is lost.")
        .Produces(StatusCodes.Status204NoContent)
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound);

    internal static async Task<bool> DiscardAsync(
        DeadLetterStream letters, DeadLetterActions actions, ulong sequence, Operator by, CancellationToken cancellationToken)
    {
        if (await letters.FindAsync(sequence, cancellationToken) is not { } letter)
            return false;

        // Recorded first: after the deletion there would be nothing left to record.
        await actions.RecordAsync(letter, DeadLetterActions.Discard, by, "deleted", cancellationToken);
        return await letters.DeleteAsync(sequence, CancellationToken.None);
    }

    private static async Task<IResult> HandleAsync(
        long sequence, HttpRequest http, DeadLetterStream letters, DeadLetterActions actions, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        return await DiscardAsync(letters, actions, (ulong)sequence, by, cancellationToken)
            ? TypedResults.NoContent()
            : DeadLettersApi.NotFound(sequence);
    }
}
