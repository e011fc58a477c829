using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.Messaging.Operations;

/// <summary>
/// The operator who acts. Over HTTP it consists of the token's claims, which the caller cannot choose, and a note, which the caller can. On
/// the command line it is the user of the operating system.
/// </summary>
public sealed record Operator
{
    /// <summary>Header with the note, such as the name of a person who uses a shared token.</summary>
    public const string NoteHeader = "X-Operator";

    private const int MaxNoteLength = 100;
    private const int MaxSubjectLength = 255;

    private Operator()
    {
    }

    /// <summary>The user of the operating system, for the command line.</summary>
    public static Operator OfThisProcess { get; } = new() { SystemUser = Environment.UserName };

    /// <summary>The claim <c>sub</c>, or null.</summary>
    public string? Subject { get; private init; }

    /// <summary>The client that the token was issued to, or null.</summary>
    public string? Client { get; private init; }

    /// <summary>The caller's note, or null.</summary>
    public string? Note { get; private init; }

    private string? SystemUser { get; init; }

    /// <summary>Reads the token and the note; false when the note is empty, too long, repeated or not printable.</summary>
    public static bool TryRead(HttpRequest request, out Operator by)
    {
        var notes = request.Headers[NoteHeader];
        var note = notes is [{ } single] ? single.Trim() : null;
        by = Of(request.HttpContext.User, note);
        return notes.Count == 0 || (note is { Length: > 0 and <= MaxNoteLength } && !note.Any(char.IsControl));
    }

    /// <summary>The 400 response to an invalid note.</summary>
    public static IResult BadNote() => TypedResults.Problem(
        $"The header {NoteHeader} is an optional note beside the token's claims: omit it, or send 1 to {MaxNoteLength} "
        + "printable characters.",
        statusCode: StatusCodes.Status400BadRequest);

    /// <summary>
    /// The form in records and logs: <c>sub=ada client=shop note="…"</c>. A value that is not a single plain word is a JSON string, so
    /// that it cannot imitate another field.
    /// </summary>
    public override string ToString() =>
        string.Join(' ', new[] { Part("os-user", SystemUser), Part("sub", Subject), Part("client", Client), Part("note", Note) }
            .OfType<string>());

    internal static Operator Of(ClaimsPrincipal caller, string? note) => new()
    {
        Subject = caller.FindFirst("sub")?.Value is { Length: > 0 } subject ? subject[..Math.Min(subject.Length, MaxSubjectLength)] : null,
        Client = caller.ClientId(),
        Note = note,
    };

    private static string? Part(string name, string? value) =>
        value is null ? null : $"{name}={(IsPlain(value) ? value : $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)}\"")}";

    private static bool IsPlain(string value) =>
        value.Length > 0 && !value.AsSpan().ContainsAnyExceptInRange('!', '~') && !value.AsSpan().ContainsAny('"', '\\');
}
