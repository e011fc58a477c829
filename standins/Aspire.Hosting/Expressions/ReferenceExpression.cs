using System.Globalization;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A text with parts that are known only while the application runs.</summary>
public partial class ReferenceExpression : IExpressionValue, IValueWithReferences
{
    private readonly string[] _manifestExpressions;
    private readonly IValueProvider[] _valueProviders;
    private readonly string?[] _stringFormats;

    private ReferenceExpression(string format, IValueProvider[] valueProviders, string[] manifestExpressions, string?[] stringFormats)
    {
        Format = format;
        _valueProviders = valueProviders;
        _manifestExpressions = manifestExpressions;
        _stringFormats = stringFormats;
    }

    /// <summary>An expression without any text.</summary>
    public static readonly ReferenceExpression Empty = new("", [], [], []);

    /// <summary>The text as a composite format: <c>nats://{0}:{1}</c>.</summary>
    public string Format { get; }

    /// <summary>The parts as they stand in a manifest.</summary>
    public IReadOnlyList<string> ManifestExpressions => _manifestExpressions;

    /// <summary>How each part is encoded: null or <c>uri</c>.</summary>
    public IReadOnlyList<string?> StringFormats => _stringFormats;

    /// <summary>The parts.</summary>
    public IReadOnlyList<IValueProvider> ValueProviders => _valueProviders;

    /// <summary>Always false here: conditional expressions are not supported.</summary>
    public bool IsConditional => false;

    /// <summary>The whole text as it stands in a manifest.</summary>
    public string ValueExpression => string.Format(CultureInfo.InvariantCulture, Format, [.. _manifestExpressions]);

    IEnumerable<object> IValueWithReferences.References => _valueProviders;

    /// <summary>Creates an expression from an interpolated string.</summary>
    public static ReferenceExpression Create(ref ExpressionInterpolatedStringHandler handler) => handler.GetExpression();

    /// <summary>Not supported.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static ReferenceExpression CreateConditional(IValueProvider condition, string matchValue, ReferenceExpression whenTrue, ReferenceExpression whenFalse) =>
        throw new NotSupportedException("ReferenceExpression.CreateConditional is not supported.");

    /// <summary>The text with the values of its parts, or null when one of them has none.</summary>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken) => GetValueAsync(new ValueProviderContext(), cancellationToken);

    /// <summary>The text as the caller of the context sees it.</summary>
    public async ValueTask<string?> GetValueAsync(ValueProviderContext context, CancellationToken cancellationToken)
    {
        if (Format.Length == 0)
            return null;

        var values = new object?[_valueProviders.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = Encode(await _valueProviders[i].GetValueAsync(context, cancellationToken), _stringFormats[i]);
        return string.Format(CultureInfo.InvariantCulture, Format, values);
    }

    internal static ReferenceExpression Create(string format, IValueProvider[] providers, string[] expressions, string?[] formats) =>
        new(format, providers, expressions, formats);

    private static string? Encode(string? value, string? format) => format switch
    {
        null or "" => value,
        "uri" => value is null ? null : Uri.EscapeDataString(value),
        _ => throw new FormatException($"The format '{format}' is not supported; only 'uri' is."),
    };
}
