namespace Aspire.Hosting.ApplicationModel;

/// <summary>How a command sends a request.</summary>
public class HttpCommandOptions : CommandOptions
{
    /// <summary>Where the request goes.</summary>
    public Func<EndpointReference>? EndpointSelector { get; set; }

    /// <summary>The method; null: POST.</summary>
    public HttpMethod? Method { get; set; }
}
