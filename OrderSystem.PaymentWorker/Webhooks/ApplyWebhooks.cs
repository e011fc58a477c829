using System.Diagnostics;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.Envelope;
using OrderSystem.Messaging.GroupCommit;
using OrderSystem.Messaging.Persistence;
using OrderSystem.Messaging.Telemetry;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.PaymentWorker.Telemetry;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Telemetry;

namespace OrderSystem.PaymentWorker.Webhooks;

/// <summary>
/// Applies the webhooks in the inbox: at once after one is stored, and from the table what another worker has left or what waits for its
/// payment. The outcome is recorded as one from an answer of the provider is: whichever comes first has an effect, any other none.
/// </summary>
internal sealed partial class ApplyWebhooks(
    DueWebhooks inbox, GroupCommitter committer, EndRefund end, PaymentMetrics metrics, TimeProvider time, ILogger<ApplyWebhooks> logger)
    : BackgroundService
{
    private const int Batch = 64;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly PollSignal signal = new();

    /// <summary>Looks now instead of in the next period.</summary>
    internal void PollNow() => signal.Set();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await ApplyDueAsync(stoppingToken) == Batch)
                    continue;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                if (PostgresErrors.IsUnavailable(failure))
                    Log.Unavailable(logger, failure.Message);
                else
                    Log.Failed(logger, failure);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }

            await signal.WaitAsync(Poll, time, stoppingToken);
        }
    }

    private async Task<int> ApplyDueAsync(CancellationToken cancellationToken)
    {
        var due = await inbox.TakeAsync(Batch, cancellationToken);
        await Task.WhenAll(due.Select(ApplyAsync));
        return due.Count;
    }

    /// <summary>In the trace of the order. A webhook that could not be applied is due again when its lease has expired.</summary>
    private async Task ApplyAsync(DueWebhook webhook)
    {
        ActivityContext.TryParse(webhook.TraceParent, traceState: null, isRemote: true, out var parent);
        using var activity = PaymentTelemetry.Source.StartActivity(ActivityKind.Internal, parent, name: "apply webhook");
        activity?.SetTag(MessagingTelemetry.OrderId, webhook.OrderId);
        try
        {
            var decision = WebhookDecision.About(webhook);
            await committer.WriteAsync(SettleWebhook.Write, await ApplyAsync(webhook, decision));
        }
        catch (Exception failure) when (PostgresErrors.IsUnavailable(failure))
        {
            Log.Unavailable(logger, failure.Message);
        }
        catch (Exception failure)
        {
            activity?.Keep();
            Log.NotApplied(logger, failure, webhook.Event.EventId, webhook.OrderId);
        }
    }

    private async Task<SettledWebhook> ApplyAsync(DueWebhook webhook, WebhookDecision decision)
    {
        switch (decision.Verdict)
        {
            case WebhookVerdict.Succeeds or WebhookVerdict.Declines:
                // Meanwhile the payment may have got an outcome: compared with that at once.
                return await RecordAsync(webhook.Event, webhook.Payment!, decision.Verdict == WebhookVerdict.Succeeds)
                    ? Settled(webhook, WebhookState.Applied, "the payment has its outcome")
                    : Settled(webhook, WebhookState.Waiting, "the payment has changed meanwhile");
            case WebhookVerdict.Refunds or WebhookVerdict.RefundFails:
                return await RecordRefundAsync(webhook, decision.Verdict == WebhookVerdict.Refunds)
                    ? Settled(webhook, WebhookState.Applied, "the refund has its outcome")
                    : Settled(webhook, WebhookState.Waiting, "the refund has changed meanwhile");
            case WebhookVerdict.Confirms:
                return Settled(webhook, WebhookState.Applied, decision.Detail);
            case WebhookVerdict.Waits:
                return Settled(webhook, WebhookState.Waiting, decision.Detail) with { Wait = WaitAfter(webhook.Attempts) };
            default:
                Activity.Current?.Keep();
                Log.Dead(logger, webhook.Event.Provider, webhook.Event.EventId, webhook.OrderId, decision.Detail!);
                return Settled(webhook, WebhookState.Dead, decision.Detail) with
                {
                    Contradicts = decision.Verdict == WebhookVerdict.Contradicts,
                };
        }
    }

    private static SettledWebhook Settled(DueWebhook webhook, WebhookState state, string? detail) =>
        new(webhook.Event.Id, state, detail, Contradicts: false, TimeSpan.Zero, webhook.OrderId);

    private Task<bool> RecordRefundAsync(DueWebhook webhook, bool isSuccess)
    {
        var (claim, payment, refund) = (webhook.Event, webhook.Payment!, webhook.Refund);
        var ending = new EndingRefund(
            payment.OrderId, payment.Id, refund?.Id ?? RefundDecision.IdOf(claim), claim.Amount!.Value, claim.Currency!,
            refund?.Source ?? (claim.Claim == WebhookClaim.Chargeback ? RefundSource.Chargeback : RefundSource.Provider),
            payment.RefundedTotal)
        {
            Reason = refund is null ? claim.Reason : refund.Reason,
        };
        return isSuccess
            ? end.SucceedAsync(ending, claim.Reference!)
            : end.FailAsync(ending, claim.Reason ?? "the refund failed", claim.Reference);
    }

    private Task<bool> RecordAsync(WebhookEvent claim, KnownPayment payment, bool isSuccess)
    {
        var (order, amount, currency) = (claim.OrderId!.Value, payment.Amount ?? claim.Amount!.Value, payment.Currency ?? claim.Currency!);
        return isSuccess
            ? RecordAsync(
                claim, payment, PaymentStatus.Succeeded, new PaymentSucceeded(order, payment.Id, amount, currency, claim.Reference!))
            : RecordAsync(
                claim, payment, PaymentStatus.Declined,
                new PaymentDeclined(order, payment.Id, amount, currency, claim.Reason ?? "declined", claim.Reference));
    }

    private async Task<bool> RecordAsync<TEvent>(WebhookEvent claim, KnownPayment payment, PaymentStatus status, TEvent body)
        where TEvent : IOrderEvent
    {
        var outcome = new Outcome([payment.Status], status, StoredEvent.CreateUnnumbered(body, time.GetUtcNow()))
        {
            Reference = claim.Reference,
            Reason = status == PaymentStatus.Declined ? claim.Reason ?? "declined" : null,
            Amount = claim.Amount,
            Currency = claim.Currency,
        };
        if (await committer.WriteAsync(RecordOutcome.Write, outcome) == 0)
            return false;
        metrics.Ended(status);
        return true;
    }

    private static TimeSpan WaitAfter(int attempts)
    {
        var wait = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(attempts, 12)));
        return wait < LongestWait ? wait : LongestWait;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3401, Level = LogLevel.Error,
            Message = "Webhook {EventId} of {Provider} about order {OrderId} cannot be applied: {Detail}. GET /ops/webhooks lists it.")]
        internal static partial void Dead(ILogger logger, string provider, string eventId, Guid? orderId, string detail);

        [LoggerMessage(EventId = 3402, Level = LogLevel.Error,
            Message = "Webhook {EventId} about order {OrderId} failed unexpectedly; retrying when its lease expires.")]
        internal static partial void NotApplied(ILogger logger, Exception failure, string eventId, Guid? orderId);

        [LoggerMessage(EventId = 3403, Level = LogLevel.Warning,
            Message = "Database unavailable, webhooks not applied ({Error}); retrying from the inbox.")]
        internal static partial void Unavailable(ILogger logger, string error);

        [LoggerMessage(EventId = 3404, Level = LogLevel.Error, Message = "Poll of webhooks failed; retrying in the next period.")]
        internal static partial void Failed(ILogger logger, Exception failure);
    }
}
