using System.Runtime.InteropServices;
using NATS.Client.Core;

namespace NATS.Client.JetStream;

/// <summary>Settings of a context. A domain replaces the prefix: <c>$JS.{domain}.API</c>.</summary>
public record NatsJSOpts
{
    public NatsJSOpts(NatsOpts opts, string? apiPrefix = null, string? domain = null, AckOpts? ackOpts = null, TimeSpan? requestTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(opts);
        if (apiPrefix is not null && domain is not null)
            throw new NatsJSException("Cannot specify both apiPrefix and domain.");
        Domain = domain;
        ApiPrefix = apiPrefix ?? "$JS.API";
        Prefix = domain is null ? ApiPrefix : $"$JS.{domain}.API";
        DoubleAck = ackOpts?.DoubleAck ?? false;
        RequestTimeout = requestTimeout ?? opts.RequestTimeout;
    }

    public string Prefix { get; }

    public string ApiPrefix { get; }

    public string? Domain { get; }

    public TimeSpan RequestTimeout { get; }

    public bool DoubleAck { get; init; }

    public NatsJSConsumeOpts DefaultConsumeOpts { get; init; } = new() { MaxMsgs = 1000 };

    public NatsJSNextOpts DefaultNextOpts { get; init; } = new();
}

/// <summary>How one acknowledgement is sent. <see cref="DoubleAck"/> waits until the server has it.</summary>
public readonly record struct AckOpts
{
    public bool? DoubleAck { get; init; }

    /// <summary>Only for a negative acknowledgement: how long the server waits before it delivers again.</summary>
    public TimeSpan? NakDelay { get; init; }

    /// <summary>Only for a termination; left out for servers before 2.10.4, which would not understand it.</summary>
    public string? TerminateReason { get; init; }
}

/// <summary>Parsed from the reply subject.</summary>
public readonly record struct NatsJSMsgMetadata(
    NatsJSSequencePair Sequence,
    ulong NumDelivered,
    ulong NumPending,
    DateTimeOffset Timestamp,
    string Stream,
    string Consumer,
    string Domain);

[StructLayout(LayoutKind.Auto)]
public readonly record struct NatsJSSequencePair(ulong Stream, ulong Consumer);
