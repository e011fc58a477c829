using Polly.Timeout;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Timeout of an HTTP call or of one attempt. Default: 30 s.</summary>
public class HttpTimeoutStrategyOptions : TimeoutStrategyOptions;
