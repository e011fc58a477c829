using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;

namespace OrderSystem.PaymentWorker.Ops.Reconciliation;

/// <summary>The stored result of a reconciliation.</summary>
internal sealed record ReconciliationResult(
    long Id, DateTimeOffset At, string By, string Provider,
    [property: Description("Time of the first row of the report.")] DateTimeOffset From,
    [property: Description("Time of the last row of the report.")] DateTimeOffset To,
    long Charges, long Refunds,
    [property: Description("Rows that are neither charges nor refunds.")] long Ignored,
    [property: Description("Sum by currency.")] IReadOnlyDictionary<string, decimal> Fees,
    [property: Description("Number by kind; kinds without findings are left out.")] IReadOnlyDictionary<string, long> Findings)
{
    internal const string Columns = "id, at, by, provider, period_from, period_to, charges, refunds, ignored, fees, findings";

    /// <summary>The kinds of findings, as in the check of the table.</summary>
    internal static readonly string[] Kinds = ["missingHere", "missingThere", "otherAmount", "otherCurrency", "duplicate"];

    /// <summary>Number of findings.</summary>
    [JsonIgnore]
    internal long Total => Findings.Values.Sum();

    /// <summary>Reads a row of <see cref="Columns"/>.</summary>
    internal static ReconciliationResult Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3),
        row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8),
        JsonSerializer.Deserialize(row.GetString(9), ReconciliationJson.Default.IReadOnlyDictionaryStringDecimal)!,
        JsonSerializer.Deserialize(row.GetString(10), ReconciliationJson.Default.IReadOnlyDictionaryStringInt64)!);

    /// <returns>Null when there is none with this id.</returns>
    internal static async Task<ReconciliationResult?> FindAsync(NpgsqlConnection session, long id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT {Columns} FROM reconciliations WHERE id = $1", session);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }
}

/// <summary>A difference between the report and the payments.</summary>
internal sealed record ReconciliationFinding(
    long Number,
    [property: Description("missingHere, missingThere, otherAmount, otherCurrency or duplicate.")] string Kind,
    [property: Description("charge or refund.")] string Subject,
    [property: Description("Of the charge or the refund at the provider.")] string Reference,
    Guid? OrderId,
    [property: Description("Row of the report, where the header is row 1.")] long? Row,
    decimal? HereAmount, string? HereCurrency, decimal? ThereAmount, string? ThereCurrency, string? Detail);

internal sealed record ReconciliationPage(
    IReadOnlyList<ReconciliationResult> Items,
    [property: Description("The before of the next page; null on the last one.")] long? Next);

internal sealed record ReconciliationDetails(
    ReconciliationResult Reconciliation, IReadOnlyList<ReconciliationFinding> Findings,
    [property: Description("The after of the next page; null on the last one.")] long? Next);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReconciliationPage))]
[JsonSerializable(typeof(ReconciliationDetails))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, decimal>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, long>))]
internal sealed partial class ReconciliationJson : JsonSerializerContext;
