using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace OrderSystem.PaymentGateway.Faults;

/// <summary>What goes wrong at the provider. Configuration section <c>Faults</c> at start, <c>/faults</c> while it runs. Rates are 0 to 1.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed class FaultSettings
{
    /// <summary>Each charge and refund takes this long, and up to <see cref="Jitter"/> more.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Latency { get; set; }

    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Jitter { get; set; }

    /// <summary>Declines every charge of more than this.</summary>
    [Range(typeof(decimal), "0", "1000000000000", ParseLimitsInInvariantCulture = true)]
    public decimal? DeclineAbove { get; set; }

    /// <summary>Declines every charge whose amount ends in one of these cents.</summary>
    public int[] DeclineCents { get; set; } = [];

    /// <summary>Declines every charge of one of these orders.</summary>
    public string[] DeclineOrders { get; set; } = [];

    [Range(0.0, 1.0)]
    public double DeclineRate { get; set; }

    /// <summary>500 without any effect.</summary>
    [Range(0.0, 1.0)]
    public double ErrorRate { get; set; }

    /// <summary>No answer and no effect, until the client gives up.</summary>
    [Range(0.0, 1.0)]
    public double HangRate { get; set; }

    /// <summary>Takes effect, then cuts the connection instead of answering.</summary>
    [Range(0.0, 1.0)]
    public double DropAfterChargeRate { get; set; }

    /// <summary>Takes effect, then answers 500.</summary>
    [Range(0.0, 1.0)]
    public double ErrorAfterChargeRate { get; set; }

    /// <summary>409 "key in use" without any effect.</summary>
    [Range(0.0, 1.0)]
    public double KeyInUseRate { get; set; }

    /// <summary>Requests per second; those over it get 429 with Retry-After.</summary>
    [Range(0.1, 1_000_000.0)]
    public double? RateLimit { get; set; }

    /// <summary>503 for every call.</summary>
    public bool Outage { get; set; }

    /// <summary>Makes the random choices the same in every run with the same calls in the same order.</summary>
    public int? Seed { get; set; }
}
