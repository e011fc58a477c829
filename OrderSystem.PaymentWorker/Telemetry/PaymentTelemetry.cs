using System.Diagnostics;

namespace OrderSystem.PaymentWorker.Telemetry;

/// <summary>The worker's activity source and meter.</summary>
internal static class PaymentTelemetry
{
    internal const string Name = "OrderSystem.PaymentWorker";

    internal static readonly ActivitySource Source = new(Name);
}
