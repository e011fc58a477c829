using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace OrderSystem.ServiceDefaults.Http;

/// <summary>Reads a JSON body strictly and reports the first error: content type, then size, then the field.</summary>
public static class StrictJson
{
    /// <summary>Reads the body.</summary>
    /// <param name="request">Its content type must be JSON, without Content-Encoding.</param>
    /// <param name="type">The expected type; its serializer options define how strict the reading is.</param>
    /// <param name="cancellationToken">Ends with the request.</param>
    /// <returns>The value, or the problem to answer with: 400, 408, 413 or 415.</returns>
    public static async Task<(T? Value, ProblemHttpResult? Problem)> ReadAsync<T>(
        HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (!request.HasJsonContentType())
            return (null, Problem(StatusCodes.Status415UnsupportedMediaType, "The content type must be application/json."));
        if (request.Headers.ContentEncoding.Count > 0)
            return (null, Problem(
                StatusCodes.Status415UnsupportedMediaType, "The body must not be encoded: send it without Content-Encoding."));
        if (request.ContentLength > HttpProtection.MaxBody)
            return (null, TooLarge());

        try
        {
            var value = await JsonSerializer.DeserializeAsync(request.Body, type, cancellationToken);
            return value is not null ? (value, null) : (null, Malformed("$", "must be an object"));
        }
        catch (JsonException malformed)
        {
            return (null, Malformed(malformed.Path ?? "$", Explain(malformed)));
        }
        catch (BadHttpRequestException refused) when (refused.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, TooLarge());
        }
        catch (BadHttpRequestException refused)
        {
            return (null, Unreceived(refused.StatusCode));
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested)
        {
            // Kestrel throws this for a chunk size that overflows.
            return (null, Unreceived(StatusCodes.Status400BadRequest));
        }
    }

    /// <summary>Invalid chunks, a body that ends early or is slower than the minimum data rate.</summary>
    private static ProblemHttpResult Unreceived(int status) =>
        Problem(status, "The body was invalidly chunked, incomplete or too slow; send the request again.");

    private static ProblemHttpResult TooLarge() =>
        Problem(StatusCodes.Status413PayloadTooLarge, $"The body must have at most {HttpProtection.MaxBody} bytes.");

    private static ProblemHttpResult Problem(int status, string detail) => TypedResults.Problem(detail, statusCode: status);

    /// <summary>The shape of a validation problem, so that clients find the field in the same place.</summary>
    private static ProblemHttpResult Malformed(string path, string message)
    {
        var field = path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;
        return TypedResults.Problem(new HttpValidationProblemDetails(
            new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] })
        {
            Status = StatusCodes.Status400BadRequest,
        });
    }

    /// <summary>Replaces the serializer's messages, which expose the names of CLR types.</summary>
    private static string Explain(JsonException malformed)
    {
        var place = $"at line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine}";
        return malformed.Message switch
        {
            var text when text.Contains("could not be mapped", StringComparison.Ordinal) => $"is not a known member, {place}",
            var text when text.Contains("uplicate", StringComparison.Ordinal) => $"occurs twice, {place}",
            var text when text.Contains("missing required", StringComparison.Ordinal) => $"lacks the required {Missing(text)}",
            var text when text.Contains("maximum configured depth", StringComparison.Ordinal) => $"is nested too deeply, {place}",
            var text when text.Contains("could not be converted", StringComparison.Ordinal) =>
                $"has a value of the wrong type or out of range, {place}",
            var text when text.Contains("null", StringComparison.Ordinal) => $"must not be null, {place}",
            _ => $"is not valid JSON, {place}",
        };
    }

    private static string Missing(string text) => text[(text.LastIndexOf(':') + 1)..].Trim(' ', '.');
}
