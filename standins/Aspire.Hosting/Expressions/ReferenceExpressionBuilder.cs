using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Builds a <see cref="ReferenceExpression"/> piece by piece.</summary>
public class ReferenceExpressionBuilder
{
    private readonly StringBuilder _format = new();
    private readonly List<IValueProvider> _providers = [];
    private readonly List<string> _expressions = [];
    private readonly List<string?> _formats = [];

    /// <summary>Nothing was appended yet.</summary>
    public bool IsEmpty => _format.Length == 0;

    /// <summary>Appends an interpolated string.</summary>
    public void Append([InterpolatedStringHandlerArgument("")] ref ReferenceExpressionBuilderInterpolatedStringHandler handler) => handler.Complete();

    /// <summary>Appends text.</summary>
    public void AppendLiteral(string value) => _format.Append(value.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));

    /// <summary>Appends text.</summary>
    public void AppendFormatted(string? value) => AppendLiteral(value ?? "");

    /// <summary>Appends text, encoded.</summary>
    public void AppendFormatted(string? value, string? format = null) =>
        AppendLiteral(string.Equals(format, "uri", StringComparison.Ordinal) ? Uri.EscapeDataString(value ?? "") : value ?? "");

    /// <summary>Appends a value.</summary>
    public void AppendFormatted<T>(T valueProvider) where T : IValueProvider, IManifestExpressionProvider => AppendFormatted(valueProvider, format: null);

    /// <summary>Appends a value, encoded.</summary>
    public void AppendFormatted<T>(T valueProvider, string? format) where T : IValueProvider, IManifestExpressionProvider
    {
        if (valueProvider is ReferenceExpression nested && format is null)
            AppendNested(nested);
        else
            Add(valueProvider, valueProvider.ValueExpression, format);
    }

    /// <summary>Appends text, a value or the value of a resource builder's resource.</summary>
    /// <exception cref="ArgumentException">The object is none of these.</exception>
    public void AppendValueProvider(object valueProvider, string? format = null)
    {
        var value = valueProvider is IResourceBuilder<IResource> builder ? builder.Resource : valueProvider;
        if (value is string text)
            AppendFormatted(text, format);
        else if (value is IValueProvider provider and IManifestExpressionProvider expression)
            Add(provider, expression.ValueExpression, format);
        else
            throw new ArgumentException($"A value of type {value.GetType()} has no value or no manifest expression.", nameof(valueProvider));
    }

    /// <summary>The expression.</summary>
    public ReferenceExpression Build() => ReferenceExpression.Create(_format.ToString(), [.. _providers], [.. _expressions], [.. _formats]);

    private void Add(IValueProvider provider, string expression, string? format)
    {
        _format.Append(CultureInfo.InvariantCulture, $"{{{_providers.Count}}}");
        _providers.Add(provider);
        _expressions.Add(expression);
        _formats.Add(format);
    }

    // A part of the nested expression keeps its own encoding, and its place moves by what is here already.
    private void AppendNested(ReferenceExpression nested)
    {
        var places = Enumerable.Range(_providers.Count, nested.ValueProviders.Count).Select(i => (object)$"{{{i}}}").ToArray();
        var format = nested.Format.Replace("{{", "{{{{", StringComparison.Ordinal).Replace("}}", "}}}}", StringComparison.Ordinal);
        _format.Append(places.Length == 0 ? nested.Format : string.Format(CultureInfo.InvariantCulture, format, places));
        _providers.AddRange(nested.ValueProviders);
        _expressions.AddRange(nested.ManifestExpressions);
        _formats.AddRange(nested.StringFormats);
    }

    /// <summary>Collects the parts of an interpolated string into a builder.</summary>
    /// <param name="literalLength">Not used.</param>
    /// <param name="formattedCount">Not used.</param>
    /// <param name="builder">Where the parts go.</param>
    [InterpolatedStringHandler]
    public ref struct ReferenceExpressionBuilderInterpolatedStringHandler(int literalLength, int formattedCount, ReferenceExpressionBuilder builder)
    {
        private readonly int _expected = literalLength + formattedCount;

        /// <summary>Appends text.</summary>
        public readonly void AppendLiteral(string value) => builder.AppendLiteral(value);

        /// <summary>Appends text.</summary>
        public readonly void AppendFormatted(string? value) => builder.AppendFormatted(value);

        /// <summary>Appends a value.</summary>
        public readonly void AppendFormatted<T>(T valueProvider) where T : IValueProvider, IManifestExpressionProvider => builder.AppendFormatted(valueProvider);

        /// <summary>Appends a value, encoded.</summary>
        public readonly void AppendFormatted<T>(T valueProvider, string? format) where T : IValueProvider, IManifestExpressionProvider =>
            builder.AppendFormatted(valueProvider, format);

        /// <summary>Appends the value of a resource.</summary>
        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider) where T : IResource, IValueProvider, IManifestExpressionProvider =>
            builder.AppendFormatted(valueProvider.Resource);

        internal readonly void Complete() => _ = _expected;
    }
}
