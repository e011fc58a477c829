namespace OrderSystem.ServiceDefaults.Http;

/// <summary>
/// Passes a response on when it is complete, so that the timeouts of the resilience handler around it cover the body. By default they end
/// with the response headers, and a server that stalls afterwards blocks its caller indefinitely.
/// </summary>
public sealed class ResponseBuffer : DelegatingHandler
{
    /// <summary>
    /// Largest response; a larger one throws. Streams are read by a client without this handler and with its own timeout.
    /// </summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxBytes, cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
