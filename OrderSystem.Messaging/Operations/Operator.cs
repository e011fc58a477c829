using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.Messaging.Operations;

/// <summary>
/// Who acts. Over HTTP it is what the token says, which its caller cannot choose, and beside it a note, which the caller can. On the command line it
/// is the user of the operating system.
/// </summary>
public sealed record Operator
{
    /// <summary>Carries the note, such as the person behind a token that a team shares.</summary>
    public const string NoteHeader = "X-Operator";

    private const int LongestNote = 100;
    private const int LongestSubject = 255;

    private Operator()
    {
    }

    /// <summary>The user of the operating system, for the command line.</summary>
    public static Operator OfThisProcess { get; } = new() { SystemUser = Environment.UserName };

    /// <summary>The claim <c>sub</c>, or null.</summary>
    public string? Subject { get; private init; }

    /// <summary>The client that the token was given to, or null.</summary>
    public string? Client { get; private init; }

    /// <summary>What the caller says beside it, or null.</summary>
    public string? Note { get; private init; }

    private string? SystemUser { get; init; }

    /// <summary>Reads the token and the note; false when there is a note that is empty, too long or not printable.</summary>
    public static bool TryRead(HttpRequest request, out Operator by)
    {
        var notes = request.Headers[NoteHeader];
        var note = notes is [{ } single] ? single.Trim() : null;
        by = Of(request.HttpContext.User, note);
        return notes.Count == 0 || (note is { Length: > 0 and <= LongestNote } && !note.Any(char.IsControl));
    }

    /// <summary>The answer to a note that cannot be taken.</summary>
    public static IResult BadNote() => TypedResults.Problem(
        $"The header {NoteHeader} is a note beside the token's subject and client: leave it out, or say 1 to {LongestNote} printable characters.",
        statusCode: StatusCodes.Status400BadRequest);

    /// <summary>
    /// As records and logs keep it: <c>sub=ada client=shop note="…"</c>. A value that is more than one plain word is a JSON string, so that none can
    /// look like the next.
    /// </summary>
    public override string ToString() =>
        string.Join(' ', new[] { Part("os-user", SystemUser), Part("sub", Subject), Part("client", Client), Part("note", Note) }.OfType<string>());

    internal static Operator Of(ClaimsPrincipal caller, string? note) => new()
    {
        Subject = caller.FindFirst("sub")?.Value is { Length: > 0 } subject ? subject[..Math.Min(subject.Length, LongestSubject)] : null,
        Client = caller.ClientId(),
        Note = note,
    };

    private static string? Part(string name, string? value) =>
        value is null ? null : $"{name}={(IsPlain(value) ? value : $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)}\"")}";

    private static bool IsPlain(string value) => !value.AsSpan().ContainsAnyExceptInRange('!', '~') && !value.AsSpan().ContainsAny('"', '\\') && value.Length > 0;
}
