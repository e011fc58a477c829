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

    /// <summary>Makes the random choices reproducible for the same sequence of calls.</summary>
    public int? Seed { get; set; }
}

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FaultSettings))]
internal sealed partial class FaultsJson : JsonSerializerContext;
