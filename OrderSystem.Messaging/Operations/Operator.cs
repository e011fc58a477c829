using System.Diagnostics.CodeAnalysis;

namespace OrderSystem.OrderApi.Ops;

/// <summary>Who acts. What operators do is recorded with their name, so that nothing is done without one.</summary>
internal static class Operator
{
    internal const string Header = "X-Operator";
    private const int MaxLength = 100;

    /// <summary>The user of the operating system, for the command line.</summary>
    internal static string OfThisProcess => Environment.UserName;

    internal static bool TryRead(HttpRequest request, [NotNullWhen(true)] out string? name)
    {
        var given = request.Headers[Header] is [{ } single] ? single.Trim() : string.Empty;
        name = given.Length is > 0 and <= MaxLength && !given.Any(char.IsControl) ? given : null;
        return name is not null;
    }

    internal static IResult Missing() =>
        TypedResults.Problem($"The header {Header} must say who acts, in 1 to {MaxLength} printable characters.", statusCode: StatusCodes.Status400BadRequest);
}
