using Polly;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Sends requests through a resilience pipeline. Each attempt sends the same <see cref="HttpRequestMessage"/>.</summary>
public class ResilienceHandler : DelegatingHandler
{
    private readonly Func<HttpRequestMessage, ResiliencePipeline<HttpResponseMessage>> _pipelineProvider;

    /// <summary>A handler that chooses the pipeline by the request.</summary>
    public ResilienceHandler(Func<HttpRequestMessage, ResiliencePipeline<HttpResponseMessage>> pipelineProvider)
    {
        ArgumentNullException.ThrowIfNull(pipelineProvider);
        _pipelineProvider = pipelineProvider;
    }

    /// <summary>A handler with one pipeline.</summary>
    public ResilienceHandler(ResiliencePipeline<HttpResponseMessage> pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        _pipelineProvider = _ => pipeline;
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        var pipeline = _pipelineProvider(request);
        var given = request.GetResilienceContext();
        var context = Enter(request, given, cancellationToken);
        try
        {
            var outcome = await pipeline.ExecuteOutcomeAsync(AttemptAsync, context, (Handler: this, Request: request))
                .ConfigureAwait(context.ContinueOnCapturedContext);
            outcome.ThrowIfException();
            return outcome.Result!;
        }
        finally
        {
            Leave(request, given, context);
        }
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        var pipeline = _pipelineProvider(request);
        var given = request.GetResilienceContext();
        var context = Enter(request, given, cancellationToken);
        try
        {
#pragma warning disable MA0045 // The synchronous side of HttpMessageHandler.
            return pipeline.Execute(
                static (context, call) => call.Handler.BaseSend(call.Request, context.CancellationToken), context, (Handler: this, Request: request));
#pragma warning restore MA0045
        }
        finally
        {
            Leave(request, given, context);
        }
    }

    private static ResilienceContext Enter(HttpRequestMessage request, ResilienceContext? given, CancellationToken cancellationToken)
    {
        var context = given ?? ResilienceContextPool.Shared.Get(cancellationToken);
        request.SetResilienceContext(context);
        context.SetRequestMessage(request);
        return context;
    }

    private static void Leave(HttpRequestMessage request, ResilienceContext? given, ResilienceContext context)
    {
        if (given is not null) return;
        ResilienceContextPool.Shared.Return(context);
        request.SetResilienceContext(null);
    }

    private static async ValueTask<Outcome<HttpResponseMessage>> AttemptAsync(
        ResilienceContext context, (ResilienceHandler Handler, HttpRequestMessage Request) call)
    {
        try
        {
            var response = await call.Handler.BaseSendAsync(call.Request, context.CancellationToken)
                .ConfigureAwait(context.ContinueOnCapturedContext);
            return Outcome.FromResult(response);
        }
        catch (Exception exception)
        {
            return Outcome.FromException<HttpResponseMessage>(exception);
        }
    }

    private Task<HttpResponseMessage> BaseSendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        base.SendAsync(request, cancellationToken);

    private HttpResponseMessage BaseSend(HttpRequestMessage request, CancellationToken cancellationToken) => base.Send(request, cancellationToken);
}
