namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>Whether a command can be run.</summary>
    public enum ResourceCommandState
    {
        /// <summary>It can.</summary>
        Enabled,

        /// <summary>It is shown but cannot be run now.</summary>
        Disabled,

        /// <summary>It is not shown.</summary>
        Hidden,
    }

    /// <summary>The variants of an icon.</summary>
    public enum IconVariant
    {
        /// <summary>Outlines.</summary>
        Regular,

        /// <summary>Filled.</summary>
        Filled,
    }

    /// <summary>What kind of text a command's result is.</summary>
    public enum CommandResultFormat
    {
        /// <summary>Plain text.</summary>
        Text,

        /// <summary>JSON.</summary>
        Json,

        /// <summary>Markdown.</summary>
        Markdown,
    }

    /// <summary>The result of a command, beside its message.</summary>
    public class CommandResultData
    {
        /// <summary>The text.</summary>
        public required string Value { get; init; }

        /// <summary>What kind of text it is.</summary>
        public CommandResultFormat Format { get; init; }

        /// <summary>Whether it is shown without being asked for.</summary>
        public bool DisplayImmediately { get; init; }
    }
}

namespace Aspire.Hosting
{
    /// <summary>What a command asks for.</summary>
    public enum InputType
    {
        /// <summary>Text.</summary>
        Text,

        /// <summary>Text that is not shown.</summary>
        SecretText,

        /// <summary>One of several options.</summary>
        Choice,

        /// <summary>Yes or no.</summary>
        Boolean,

        /// <summary>A number.</summary>
        Number,
    }

    /// <summary>A value that a command asks for.</summary>
    public sealed class InteractionInput
    {
        /// <summary>The name.</summary>
        public required string Name { get; init; }

        /// <summary>What is shown instead of the name.</summary>
        public string? Label { get; init; }

        /// <summary>An explanation.</summary>
        public string? Description { get; init; }

        /// <summary>What is asked for.</summary>
        public required InputType InputType { get; init; }

        /// <summary>Whether it must be given.</summary>
        public bool Required { get; init; }

        /// <summary>The options of a choice: value and text.</summary>
        public IReadOnlyList<KeyValuePair<string, string>>? Options { get; set; }

        /// <summary>The value.</summary>
        public string? Value { get; set; }

        /// <summary>A hint in the empty field.</summary>
        public string? Placeholder { get; set; }

        /// <summary>The longest text allowed.</summary>
        public int? MaxLength { get; init; }
    }

    /// <summary>The values of a command by name.</summary>
    public sealed class InteractionInputCollection(IReadOnlyList<InteractionInput> inputs) : IReadOnlyList<InteractionInput>
    {
        /// <inheritdoc />
        public int Count => inputs.Count;

        /// <inheritdoc />
        public InteractionInput this[int index] => inputs[index];

        /// <summary>The value of a name.</summary>
        public InteractionInput this[string name] => TryGetByName(name, out var input)
            ? input
            : throw new KeyNotFoundException($"No input with name '{name}' was found.");

        /// <summary>Whether there is a value of that name.</summary>
        public bool ContainsName(string name) => TryGetByName(name, out _);

        /// <summary>The value of a name, if there is one.</summary>
        public bool TryGetByName(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out InteractionInput? input)
        {
            input = inputs.FirstOrDefault(i => string.Equals(i.Name, name, StringComparison.OrdinalIgnoreCase));
            return input is not null;
        }

        /// <inheritdoc />
        public IEnumerator<InteractionInput> GetEnumerator() => inputs.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
