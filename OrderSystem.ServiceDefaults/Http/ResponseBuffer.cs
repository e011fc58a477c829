namespace OrderSystem.ServiceDefaults.Http;

/// <summary>
/// Hands an answer on when all of it has come. The strategies of a resilience handler outside of this one then cover the body: by themselves they
/// are done with an answer when its head has come, and a server that falls silent after it would hold its caller for as long as it likes.
/// </summary>
public sealed class ResponseBuffer : DelegatingHandler
{
    /// <summary>More is an error. What is larger is read as a stream, by a client that has no such handler and a deadline of its own.</summary>
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
