namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What is certain when there was no answer.</summary>
internal static class ProviderError
{
    /// <summary>Only of a connection that never came about it is certain that nothing was sent.</summary>
    internal static ChargeOutcome Classify(Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError }
            => ChargeOutcome.Unavailable(ProviderFailure.Connection, failure.Message),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } => ChargeOutcome.Unknown(ProviderFailure.Contract, failure.Message),
        OperationCanceledException => ChargeOutcome.Unknown(ProviderFailure.Timeout, "no answer in time"),
        _ => ChargeOutcome.Unknown(ProviderFailure.ConnectionLost, failure.Message),
    };

    /// <summary>The handler reports a connection that took too long as a cancelled call, which the pipeline would take for a caller that gave up.</summary>
    internal static Exception Normalise(Exception failure, CancellationToken cancellationToken) => failure switch
    {
        OperationCanceledException { InnerException: TimeoutException late } when !cancellationToken.IsCancellationRequested =>
            new HttpRequestException(HttpRequestError.ConnectionError, late.Message, failure),
        HttpRequestException or OperationCanceledException => failure,
        _ => new HttpRequestException(failure.Message, failure),
    };
}
