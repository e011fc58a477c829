using System.Globalization;
using OrderSystem.PaymentGateway.Answers;

namespace OrderSystem.PaymentGateway.Faults;

/// <summary>The faults that hit a call before the provider processes it.</summary>
internal sealed class ProviderFaultFilter(
    FaultInjector faults, CallCounter counter, TimeProvider time, IHostApplicationLifetime lifetime) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (faults.Settings.Outage) return Answer(CallOutcome.Outage, Problems.Outage);
        if (faults.RetryAfter() is { } wait)
        {
            context.HttpContext.Response.Headers.RetryAfter = wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return Answer(CallOutcome.RateLimited, Problems.RateLimited);
        }

        if (faults.Fails()) return Answer(CallOutcome.Error, Problems.ServerError);
        return faults.Hangs() ? HangAsync(context.HttpContext) : next(context);
    }

    private ValueTask<object?> Answer(CallOutcome outcome, IResult problem)
    {
        counter.Count(outcome);
        return new(problem);
    }

    private async ValueTask<object?> HangAsync(HttpContext http)
    {
        counter.Count(CallOutcome.Hung);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, end.Token);
        }
        catch (OperationCanceledException)
        {
            http.Abort();
        }

        return TypedResults.Empty;
    }
}
