namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>What is known after a call without a response.</summary>
internal static class ProviderError
{
    /// <summary>Only when no connection was established is it certain that nothing was sent.</summary>
    internal static ChargeOutcome Classify(Exception failure) => failure switch
    {
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
        } => ChargeOutcome.Unavailable(ProviderFailure.Connection, failure.Message),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
            ChargeOutcome.Unknown(ProviderFailure.Contract, failure.Message),
        OperationCanceledException => ChargeOutcome.Unknown(ProviderFailure.Timeout, "no response in time"),
        _ => ChargeOutcome.Unknown(ProviderFailure.ConnectionLost, failure.Message),
    };

    /// <summary>The handler reports a connect timeout as a cancellation, which the pipeline would mistake for one by the caller.</summary>
    internal static Exception Normalise(Exception failure, CancellationToken cancellationToken) => failure switch
    {
        OperationCanceledException { InnerException: TimeoutException late } when !cancellationToken.IsCancellationRequested =>
            new HttpRequestException(HttpRequestError.ConnectionError, late.Message, failure),
        HttpRequestException or OperationCanceledException => failure,
        _ => new HttpRequestException(failure.Message, failure),
    };
}
