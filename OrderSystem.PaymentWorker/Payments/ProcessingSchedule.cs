using Microsoft.Extensions.Options;
using OrderSystem.PaymentWorker.Gateway;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>When the provider is asked for the outcome of a payment that it is processing.</summary>
internal sealed class ProcessingSchedule(IOptions<GatewayOptions> options)
{
    private readonly TimeSpan[] times = [.. (options.Value.ProcessingLookUps ?? GatewayOptions.DefaultProcessingLookUps).Order()];

    /// <summary>The wait after an answered look-up: until the next time of the schedule, then as long as its last.</summary>
    /// <param name="elapsed">Since the provider has begun to process the payment.</param>
    internal TimeSpan NextAfter(TimeSpan elapsed)
    {
        foreach (var time in times)
        {
            if (time > elapsed)
                return time - elapsed;
        }

        return times[^1];
    }

    /// <summary>The wait after a look-up without an answer.</summary>
    internal TimeSpan Again => times[0];

    /// <summary>Whether the provider has had all the time that it may take.</summary>
    internal bool IsOver(TimeSpan elapsed) => elapsed >= options.Value.ProcessingLimit;
}
