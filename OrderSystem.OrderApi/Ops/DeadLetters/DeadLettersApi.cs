using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using NATS.Client.Core;
using NATS.Client.JetStream;
using OrderSystem.Messaging;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.OrderApi.Ops.DeadLetters;

/// <summary>A page of dead letters.</summary>
/// <param name="Items">Dead letters, the oldest first.</param>
/// <param name="NextCursor">Where the next page begins; absent on the last one.</param>
internal sealed record DeadLetterPage(IReadOnlyList<DeadLetter> Items, ulong? NextCursor);

/// <summary><c>/ops/dead-letters</c>: lists, shows, replays and discards dead letters.</summary>
internal static class DeadLettersApi
{
    internal const int DefaultLimit = 50;
    internal const int MaxLimit = 200;

    /// <summary>
    /// Connection string of a NATS user who may publish to the subjects of other services, so that their letters can be replayed over HTTP.
    /// </summary>
    private const string OperatorsConnection = "natsOps";

    internal static void AddDeadLetterOperations(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, DeadLettersJson.Default));
        var forOperators = builder.Configuration.GetConnectionString(OperatorsConnection) is { Length: > 0 };
        if (forOperators)
            builder.AddFurtherNats(OperatorsConnection, "order-api operators");
        services.AddSingleton(provider =>
        {
            var jetStream = provider.GetRequiredService<INatsJSContext>();
            return new DeadLetterStream(jetStream, forOperators
                ? new NatsJSContext(provider.GetRequiredKeyedService<INatsConnection>(OperatorsConnection))
                : jetStream);
        });
        services.AddSingleton<DeadLetterActions>();
        services.AddSingleton<DeadLetterReplay>();
    }

    internal static void MapDeadLetters(this IEndpointRouteBuilder letters)
    {
        letters.MapGet("/", ListAsync).WithName("ListDeadLetters").WithSummary("Lists dead letters, the oldest first.");
        letters.MapGet("/{sequence:long:min(1)}", ShowAsync)
            .WithName("GetDeadLetter")
            .WithSummary("Shows a dead letter with its headers, its body and the operator actions on it.");
        letters.MapReplay();
        letters.MapDiscard();
    }

    internal static ProblemHttpResult NotFound(long sequence) =>
        TypedResults.Problem(
            $"There is no dead letter {sequence}; GET /ops/dead-letters lists those that are left.",
            statusCode: StatusCodes.Status404NotFound);

    private static async Task<Results<Ok<DeadLetterPage>, ValidationProblem>> ListAsync(
        string? stream, string? consumer, string? type, string? orderId,
        string? since, string? limit, string? cursor, DeadLetterStream letters, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var size = PageLimit.Read(limit, DefaultLimit, MaxLimit, errors);
        ulong from = 1;
        if (cursor is not null && !ulong.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out from))
            errors["cursor"] = ["must be the nextCursor of an earlier page"];
        Guid order = default;
        if (orderId is not null && !Guid.TryParse(orderId, CultureInfo.InvariantCulture, out order))
            errors["orderId"] = ["must be the id of an order"];
        DateTimeOffset instant = default;
        if (since is not null && !DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out instant))
            errors["since"] = ["must be a time, such as 2026-01-31T12:00:00Z"];
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors);

        var filter = new DeadLetterFilter(stream, consumer, type, orderId is null ? null : order, since is null ? null : instant);
        return TypedResults.Ok(await ReadPageAsync(letters, filter, from, size, cancellationToken));
    }

    internal static async Task<DeadLetterPage> ReadPageAsync(
        DeadLetterStream letters, DeadLetterFilter filter, ulong from, int size, CancellationToken cancellationToken)
    {
        var page = await letters.ReadAsync(filter, from, cancellationToken).Take(size + 1).ToListAsync(cancellationToken);
        return page.Count <= size ? new DeadLetterPage(page, NextCursor: null) : new DeadLetterPage(page[..size], page[size].Sequence);
    }

    private static async Task<Results<Ok<DeadLetter>, ProblemHttpResult>> ShowAsync(
        long sequence, DeadLetterStream letters, DeadLetterActions actions, CancellationToken cancellationToken) =>
        await letters.FindAsync((ulong)sequence, cancellationToken) is { } letter
            ? TypedResults.Ok(letter.InFull(await actions.OfLetterAsync(letter.Sequence, cancellationToken)))
            : NotFound(sequence);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(DeadLetter))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(ReplayReport))]
internal sealed partial class DeadLettersJson : JsonSerializerContext;
