using System.Text.Json.Nodes;

namespace OrderSystem.Messaging.JetStream;

/// <summary>The differences between a stream or consumer on the server and its declaration, safe and unsafe ones.</summary>
internal sealed class TopologyDifferences
{
    /// <summary>Unsafe to change: the server refuses it, or messages would be lost.</summary>
    private static readonly HashSet<string> Fixed =
    [
        "name", "durable_name", "retention", "storage", "mirror", "sources", "sealed", "persist_mode", "max_consumers",
        "ack_policy", "deliver_policy", "replay_policy", "deliver_subject",
        "deliver_group", "opt_start_seq", "opt_start_time", "mem_storage",
    ];

    private readonly List<string> safe = [];
    private readonly List<string> unsafeFields = [];
    private readonly string subject;

    private TopologyDifferences(string subject, JsonObject config) => (this.subject, Config) = (subject, config);

    /// <summary>
    /// The server's configuration with the declared values. Other fields, such as those of newer servers, stay as they are.
    /// </summary>
    internal JsonObject Config { get; }

    internal bool Any => safe.Count + unsafeFields.Count > 0;

    /// <summary>Compares each declared field.</summary>
    /// <param name="subject">Its name for operators.</param>
    /// <param name="actual">The configuration on the server.</param>
    /// <param name="declared">The declared configuration; null means that the field must not be set.</param>
    internal static TopologyDifferences Between(string subject, JsonObject actual, JsonObject declared)
    {
        var differences = new TopologyDifferences(subject, actual.DeepClone().AsObject());
        foreach (var (field, wanted) in declared)
        {
            if (!JsonNode.DeepEquals(Normal(actual[field]), Normal(wanted)))
                differences.Add(field, actual[field], wanted);
        }

        return differences;
    }

    internal TopologyDifferences ThrowIfRefused() => unsafeFields.Count == 0 ? this : throw new TopologyMismatchException(
        $"{subject} on the server differs in {string.Join("; ", unsafeFields)}. This cannot be changed without losing messages: "
        + "change the declaration, or recreate it by hand.");

    public override string ToString() => $"{subject}: {string.Join("; ", unsafeFields.Concat(safe))}";

    private void Add(string field, JsonNode? actual, JsonNode? wanted)
    {
        var loses = field switch
        {
            "subjects" => Strings(actual).Except(Strings(wanted), StringComparer.Ordinal).Any(),
            "max_age" => actual is not null && (long)actual is var age and > 0 && age > (long)wanted!,
            _ => Fixed.Contains(field),
        };
        (loses ? unsafeFields : safe).Add($"{field} ({Describe(field, actual)}, wanted {Describe(field, wanted)})");
        if (wanted is null)
            Config.Remove(field);
        else
            Config[field] = wanted.DeepClone();
    }

    /// <summary>Versions of the server differ in how they write an unset field: absent, zero, false or empty.</summary>
    private static JsonNode? Normal(JsonNode? value) => value switch
    {
        JsonArray { Count: 0 } or JsonObject { Count: 0 } => null,
        JsonValue one when one.ToJsonString() is "0" or "false" or "\"\"" => null,
        _ => value,
    };

    private static IEnumerable<string> Strings(JsonNode? list) => (list as JsonArray ?? []).Select(item => item!.GetValue<string>());

    private static string Describe(string field, JsonNode? value) => Normal(value) switch
    {
        null => "not set",
        _ when field is "max_age" or "duplicate_window" or "ack_wait" or "inactive_threshold" =>
            TimeSpan.FromTicks((long)value! / 100).ToString(),
        var other => other.ToJsonString().Trim('"'),
    };
}

/// <summary>The topology on the server differs from the declared one in a way that is unsafe to change.</summary>
internal sealed class TopologyMismatchException(string message) : Exception(message);
