using System.Globalization;
using OrderSystem.PaymentGateway.Ledger;

namespace OrderSystem.PaymentGateway.Faults;

/// <summary>The faults that hit a call before the provider has looked at it.</summary>
internal sealed class ProviderFaultFilter(FaultInjector faults, Attempts attempts, TimeProvider time, IHostApplicationLifetime lifetime) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (faults.Settings.Outage) return Answer(Attempt.Outage, Problems.Outage);
        if (faults.RetryAfter() is { } wait)
        {
            context.HttpContext.Response.Headers.RetryAfter = wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return Answer(Attempt.RateLimited, Problems.RateLimited);
        }

        if (faults.HasErrors()) return Answer(Attempt.Error, Problems.ServerError);
        return faults.Hangs() ? HangAsync(context.HttpContext) : next(context);
    }

    private ValueTask<object?> Answer(Attempt outcome, IResult problem)
    {
        attempts.Count(outcome);
        return new(problem);
    }

    private async ValueTask<object?> HangAsync(HttpContext http)
    {
        attempts.Count(Attempt.Hung);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, over.Token);
        }
        catch (OperationCanceledException)
        {
            http.Abort();
        }

        return TypedResults.Empty;
    }
}
