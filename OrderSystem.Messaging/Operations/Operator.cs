using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace OrderSystem.Messaging.Operations;

/// <summary>Who acts. What operators do is recorded with their name, so that nothing is done without one.</summary>
public static class Operator
{
    /// <summary>Says it over HTTP.</summary>
    public const string Header = "X-Operator";

    private const int MaxLength = 100;

    /// <summary>The user of the operating system, for the command line.</summary>
    public static string OfThisProcess => Environment.UserName;

    /// <summary>Reads the header; false when it is missing, empty, too long or not printable.</summary>
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out string? name)
    {
        var given = request.Headers[Header] is [{ } single] ? single.Trim() : string.Empty;
        name = given.Length is > 0 and <= MaxLength && !given.Any(char.IsControl) ? given : null;
        return name is not null;
    }

    /// <summary>The answer to a request without it.</summary>
    public static IResult Missing() =>
        TypedResults.Problem($"The header {Header} must say who acts, in 1 to {MaxLength} printable characters.", statusCode: StatusCodes.Status400BadRequest);
}
