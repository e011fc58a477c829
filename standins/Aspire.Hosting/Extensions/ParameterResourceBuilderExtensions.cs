using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>Adds values that come from outside.</summary>
public static class ParameterResourceBuilderExtensions
{
    /// <summary>Adds a parameter with the value of <c>Parameters:name</c> in the configuration.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(CreateParameter(builder, name, secret));

    /// <summary>Adds a parameter with a fixed value, unless the configuration has another.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false,
        bool secret = false) => builder.AddParameter(name, () => value, publishValueAsDefault, secret);

    /// <summary>Adds a parameter with the value of a callback, unless the configuration has another.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, Func<string> valueGetter,
        bool publishValueAsDefault = false, bool secret = false)
    {
        if (publishValueAsDefault && secret)
            throw new ArgumentException("A parameter cannot be both secret and published as a default value.", nameof(secret));
        var parameter = new ParameterResource(name, _ => builder.Configuration[KeyOf(name)] ?? valueGetter(), secret);
        if (publishValueAsDefault)
            parameter.Default = new ConstantParameterDefault(valueGetter);
        return builder.AddResource(parameter);
    }

    /// <summary>Adds a parameter with the value of a key in the configuration.</summary>
    public static IResourceBuilder<ParameterResource> AddParameterFromConfiguration(this IDistributedApplicationBuilder builder, string name, string configurationKey,
        bool secret = false) => builder.AddResource(Create(builder, name, secret, configurationKey));

    /// <summary>Adds a parameter with a default; a generated one can be kept for the next run.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false,
        bool persist = false)
    {
        var parameter = persist ? CreatePersisted(builder, name, secret) : Create(builder, name, secret, KeyOf(name));
        parameter.Default = value;
        return builder.AddResource(parameter);
    }

    /// <summary>Says what a parameter is for.</summary>
    public static IResourceBuilder<ParameterResource> WithDescription(this IResourceBuilder<ParameterResource> builder, string description, bool enableMarkdown = false)
    {
        builder.Resource.Description = description;
        builder.Resource.EnableDescriptionMarkdown = enableMarkdown;
        return builder;
    }

    /// <summary>Adds a connection string from the configuration: <c>ConnectionStrings:name</c>.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name, string? environmentVariableName = null) =>
        builder.AddResource(new ConnectionStringParameterResource(name, _ => builder.Configuration.GetConnectionString(name)
            ?? throw new MissingParameterValueException($"The connection string '{name}' is missing: set ConnectionStrings__{name}."), environmentVariableName));

    /// <summary>A parameter for a password, which is generated and, where the AppHost has user secrets, kept; it is not added to the application.</summary>
    public static ParameterResource CreateDefaultPasswordParameter(IDistributedApplicationBuilder builder, string name, bool lower = true, bool upper = true, bool numeric = true,
        bool special = true, int minLower = 0, int minUpper = 0, int minNumeric = 0, int minSpecial = 0) =>
        CreateGeneratedParameter(builder, name, secret: true, new GenerateParameterDefault
        {
            // 22 characters of these alphabets are more than 128 bits.
            MinLength = 22,
            Lower = lower,
            Upper = upper,
            Numeric = numeric,
            Special = special,
            MinLower = minLower,
            MinUpper = minUpper,
            MinNumeric = minNumeric,
            MinSpecial = minSpecial,
        });

    /// <summary>A parameter with a generated value, which is kept where the AppHost has user secrets; it is not added to the application.</summary>
    public static ParameterResource CreateGeneratedParameter(IDistributedApplicationBuilder builder, string name, bool secret, GenerateParameterDefault parameterDefault)
    {
        var parameter = CreatePersisted(builder, name, secret);
        parameter.Default = parameterDefault;
        return parameter;
    }

    /// <summary>A parameter with the value of <c>Parameters:name</c> in the configuration; it is not added to the application.</summary>
    public static ParameterResource CreateParameter(IDistributedApplicationBuilder builder, string name, bool secret) => Create(builder, name, secret, KeyOf(name));

    private static ParameterResource Create(IDistributedApplicationBuilder builder, string name, bool secret, string key) =>
        new(name, @default => builder.Configuration[key] ?? @default?.GetDefaultValue() ?? throw Missing(name, key), secret);

    private static ParameterResource CreatePersisted(IDistributedApplicationBuilder builder, string name, bool secret) =>
        new(name, @default =>
        {
            var key = KeyOf(name);
            if (builder.Configuration[key] is { } configured)
                return configured;
            var value = @default?.GetDefaultValue() ?? throw Missing(name, key);
            if (builder is DistributedApplicationBuilder { Project.UserSecretsId: { } id, ExecutionContext.IsRunMode: true })
            {
                UserSecrets.Save(id, key, value);
                builder.Configuration[key] = value;
            }

            return value;
        }, secret);

    private static MissingParameterValueException Missing(string name, string key) =>
        new($"The parameter '{name}' has no value: set {key.Replace(":", "__", StringComparison.Ordinal)}.");

    private static string KeyOf(string name) => $"Parameters:{name}";
}
