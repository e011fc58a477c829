using System.Diagnostics;

namespace OrderSystem.Messaging.Telemetry;

/// <summary>Names of what this library measures.</summary>
public static class MessagingTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "OrderSystem.Messaging";

    /// <summary>Attribute of every span that is about one order.</summary>
    public const string OrderId = "order.id";

    internal static readonly ActivitySource Source = new(Name);

    /// <summary>The attributes of the messaging conventions that all operations share.</summary>
    internal static void Describe(Activity activity, string operation, string operationType, string subject, object? messageId)
    {
        activity.SetTag("messaging.system", "nats");
        activity.SetTag("messaging.operation.name", operation);
        activity.SetTag("messaging.operation.type", operationType);
        activity.SetTag("messaging.destination.name", subject);
        activity.SetTag("messaging.message.id", messageId);
    }
}
