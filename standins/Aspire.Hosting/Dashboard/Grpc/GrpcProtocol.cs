using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Dashboard.Grpc;

/// <summary>What a call is asked with and how it ends, in headers and trailers.</summary>
internal static class GrpcProtocol
{
    public const string ContentType = "application/grpc";

    public static bool IsCall(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.ContentType is { } type
        && (type == ContentType || type.StartsWith($"{ContentType}+proto", StringComparison.Ordinal) || type.StartsWith($"{ContentType};", StringComparison.Ordinal));

    /// <summary>How long the caller waits: up to eight digits and a unit; null: for ever.</summary>
    public static TimeSpan? Timeout(HttpRequest request)
    {
        if (request.Headers["grpc-timeout"] is not [{ } text])
            return null;
        if (text.Length is < 2 or > 9 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            throw new GrpcException(GrpcStatus.Internal, $"'{text}' is no grpc-timeout.");
        return text[^1] switch
        {
            'H' => Bounded(TimeSpan.TicksPerHour),
            'M' => Bounded(TimeSpan.TicksPerMinute),
            'S' => Bounded(TimeSpan.TicksPerSecond),
            'm' => Bounded(TimeSpan.TicksPerMillisecond),
            'u' => Bounded(TimeSpan.TicksPerMicrosecond),
            'n' => TimeSpan.FromTicks(amount / TimeSpan.NanosecondsPerTick),
            _ => throw new GrpcException(GrpcStatus.Internal, $"'{text}' is no grpc-timeout."),
        };

        // Longer than a timer can wait is longer than anybody waits.
        TimeSpan Bounded(long ticks) => TimeSpan.FromTicks(Math.Min(amount * ticks, TimeSpan.FromDays(1).Ticks));
    }

    /// <summary>Says how the call went. Before anything else was answered that stands in the headers, so that it is known at once.</summary>
    public static void End(HttpResponse response, GrpcStatus status, string? message)
    {
        Set("grpc-status", ((int)status).ToString(CultureInfo.InvariantCulture));
        if (message is not null)
            Set("grpc-message", Encode(message));

        void Set(string name, string value)
        {
            if (response.HasStarted)
                response.AppendTrailer(name, value);
            else
                response.Headers[name] = value;
        }
    }

    // Everything outside printable ASCII, and the percent sign, as its bytes.
    private static string Encode(string message)
    {
        var text = new StringBuilder();
        foreach (var one in Encoding.UTF8.GetBytes(message))
        {
            if (one is >= 0x20 and <= 0x7e and not (byte)'%')
                text.Append((char)one);
            else
                text.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
        }

        return text.ToString();
    }
}
