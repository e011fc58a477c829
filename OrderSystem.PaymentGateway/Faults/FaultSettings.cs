using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace OrderSystem.PaymentGateway.Faults;

/// <summary>The faults that the provider simulates: section <c>Faults</c> at start, <c>/faults</c> at run time. Rates are 0 to 1.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed class FaultSettings
{
    /// <summary>The duration of each charge and refund, to which up to <see cref="Jitter"/> is added.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Latency { get; set; }

    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Jitter { get; set; }

    /// <summary>Declines every charge above this amount.</summary>
    [Range(typeof(decimal), "0", "1000000000000", ParseLimitsInInvariantCulture = true)]
    public decimal? DeclineAbove { get; set; }

    /// <summary>Declines every charge whose amount has one of these numbers of cents.</summary>
    public int[] DeclineCents { get; set; } = [];

    /// <summary>Declines every charge of one of these orders.</summary>
    public string[] DeclineOrders { get; set; } = [];

    [Range(0.0, 1.0)]
    public double DeclineRate { get; set; }

    /// <summary>Declines every charge whose amount has one of these numbers of cents, because its customer would have to act.</summary>
    public int[] RequiresActionCents { get; set; } = [];

    /// <summary>
    /// Answers that the charge is being processed; its outcome, by the rules for all charges, comes after <see cref="ProcessingFor"/>.
    /// </summary>
    [Range(0.0, 1.0)]
    public double ProcessingRate { get; set; }

    /// <summary>The same for every charge whose amount has one of these numbers of cents.</summary>
    public int[] ProcessingCents { get; set; } = [];

    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ProcessingFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long each webhook is held back.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan WebhookDelay { get; set; }

    /// <summary>Holds each webhook back for a random part of this time as well, so that they overtake each other.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan WebhookReorder { get; set; }

    /// <summary>Webhooks that are never delivered.</summary>
    [Range(0.0, 1.0)]
    public double WebhookLossRate { get; set; }

    /// <summary>Webhooks that are delivered twice.</summary>
    [Range(0.0, 1.0)]
    public double WebhookDuplicateRate { get; set; }

    /// <summary>Deliveries with a wrong signature; they are refused, and repeated.</summary>
    [Range(0.0, 1.0)]
    public double WebhookWrongSignatureRate { get; set; }

    /// <summary>500 without an effect.</summary>
    [Range(0.0, 1.0)]
    public double ErrorRate { get; set; }

    /// <summary>No response and no effect; the request hangs until the client gives up.</summary>
    [Range(0.0, 1.0)]
    public double HangRate { get; set; }

    /// <summary>Takes effect, then drops the connection.</summary>
    [Range(0.0, 1.0)]
    public double DropAfterChargeRate { get; set; }

    /// <summary>Takes effect, then answers 500.</summary>
    [Range(0.0, 1.0)]
    public double ErrorAfterChargeRate { get; set; }

    /// <summary>409 <c>key_in_use</c> without an effect.</summary>
    [Range(0.0, 1.0)]
    public double KeyInUseRate { get; set; }

    /// <summary>Requests per second; those above it get 429 with Retry-After.</summary>
    [Range(0.1, 1_000_000.0)]
    public double? RateLimit { get; set; }

    /// <summary>503 for every call.</summary>
    public bool Outage { get; set; }

    /// <summary>A settlement report lacks the second charge, has another amount for the third, and a charge that was never made.</summary>
    public bool SettlementErrors { get; set; }

    /// <summary>Makes the random choices reproducible for the same sequence of calls.</summary>
    public int? Seed { get; set; }
}

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FaultSettings))]
internal sealed partial class FaultsJson : JsonSerializerContext;
