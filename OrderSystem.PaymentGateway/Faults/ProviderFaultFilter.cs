using System.Globalization;
using OrderSystem.PaymentGateway.Answers;

namespace OrderSystem.PaymentGateway.Faults;

/// <summary>The faults that hit a call before the provider processes it.</summary>
internal sealed class ProviderFaultFilter(
    ErrorBodies errors, FaultInjector faults, CallCounter counter, TimeProvider time, IHostApplicationLifetime lifetime) : IEndpointFilter
{
    /// <summary>Adds the filter to the endpoints of one API.</summary>
    public static void AddTo(RouteGroupBuilder api, ErrorBodies errors) => api.AddEndpointFilterFactory((context, next) =>
    {
        var filter = ActivatorUtilities.CreateInstance<ProviderFaultFilter>(context.ApplicationServices, errors);
        return call => filter.InvokeAsync(call, next);
    });

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (faults.Settings.Outage) return Answer(CallOutcome.Outage, errors.Outage);
        if (faults.RetryAfter() is { } wait)
        {
            context.HttpContext.Response.Headers.RetryAfter = wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return Answer(CallOutcome.RateLimited, errors.RateLimited);
        }

        if (faults.Fails()) return Answer(CallOutcome.Error, errors.ServerError);
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
