using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrderSystem.Messaging.Operations;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>Which dead letters to replay, and how.</summary>
internal sealed record ReplayRequest(
    string? Stream = null, string? Consumer = null, string? Type = null, Guid? OrderId = null, DateTimeOffset? Since = null,
    [property: Description("Replays every letter; required when there is no filter.")] bool All = false,
    [property: Description("Lists the letters that would be replayed, without replaying them.")] bool DryRun = false,
    [property: Description("Letters per second, 0.1 to 1,000.")] double Rate = ReplayOptions.DefaultRate,
    [property: Description("Maximum number of letters, 1 to 100,000.")] int Limit = ReplayOptions.DefaultLimit)
{
    internal DeadLetterFilter Filter => new(Stream, Consumer, Type, OrderId, Since);

    internal ReplayOptions Options => new(DryRun, Rate, Limit);

    internal Dictionary<string, string[]> Validate()
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (Filter.IsEmpty && !All)
            errors["all"] = ["must be true when there is no filter: set stream, consumer, type, orderId or since, or all"];
        if (Rate is not (>= 0.1 and <= ReplayOptions.MaxRate))
            errors["rate"] = [$"must be between 0.1 and {ReplayOptions.MaxRate}"];
        if (Limit is < 1 or > ReplayOptions.MaxLimit)
            errors["limit"] = [$"must be between 1 and {ReplayOptions.MaxLimit}"];
        return errors;
    }
}

/// <summary>
/// <c>POST /ops/dead-letters/{sequence}/replay</c> and <c>POST /ops/dead-letters/replay</c>: replays dead letters to their original
/// subjects.
/// </summary>
internal static class ReplayDeadLetters
{
    internal static void MapReplay(this IEndpointRouteBuilder letters)
    {
        letters.MapPost("/{sequence:long:min(1)}/replay", ReplayOneAsync)
            .WithName("ReplayDeadLetter")
            .WithSummary("Replays one dead letter.")
            .Produces<ReplayReport>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
        letters.MapPost("/replay", ReplaySomeAsync)
            .WithName("ReplayDeadLetters")
            .WithSummary("Replays the matching dead letters at a limited rate; stops when one becomes a dead letter again.")
            .Accepts<ReplayRequest>("application/json")
            .Produces<ReplayReport>()
            .ProducesValidationProblem();
    }

    private static async Task<IResult> ReplayOneAsync(
        long sequence, HttpRequest http, string? dryRun, DeadLetterStream letters,
        DeadLetterReplay replay, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        var isDryRun = false;
        if (dryRun is not null && !bool.TryParse(dryRun, out isDryRun))
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>(StringComparer.Ordinal) { ["dryRun"] = ["must be true or false"] });
        return await letters.FindAsync((ulong)sequence, cancellationToken) is { } letter
            ? TypedResults.Ok(await replay.RunAsync(letter, isDryRun, by, cancellationToken))
            : DeadLettersApi.NotFound(sequence);
    }

    private static async Task<IResult> ReplaySomeAsync(HttpRequest http, DeadLetterReplay replay, CancellationToken cancellationToken)
    {
        if (!Operator.TryRead(http, out var by))
            return Operator.BadNote();
        var (request, problem) = await StrictJson.ReadAsync(http, ReplayRequestJson.Default.ReplayRequest, cancellationToken);
        if (problem is not null)
            return problem;
        return request!.Validate() is { Count: > 0 } errors
            ? TypedResults.ValidationProblem(errors)
            : TypedResults.Ok(await replay.RunAsync(request.Filter, request.Options, by, cancellationToken));
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    PropertyNameCaseInsensitive = false, AllowDuplicateProperties = false, MaxDepth = 4)]
[JsonSerializable(typeof(ReplayRequest))]
internal sealed partial class ReplayRequestJson : JsonSerializerContext;
