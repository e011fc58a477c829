using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>Reads the scheme's section, <c>Authentication:Schemes:{name}</c>.</summary>
internal sealed class JwtBearerConfigureOptions(IAuthenticationConfigurationProvider provider) : IConfigureNamedOptions<JwtBearerOptions>
{
    public void Configure(JwtBearerOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, JwtBearerOptions options)
    {
        if (string.IsNullOrEmpty(name))
            return;
        var section = provider.GetSchemeConfiguration(name);
        if (!section.GetChildren().Any())
            return;
        if (section.GetSection("SigningKeys").GetChildren().Any())
            throw new NotSupportedException("SigningKeys");

        // Without issuers or audiences in the section these are not compared, as in the original: who needs them compared says so.
        var (issuers, audiences) = (List(section, "ValidIssuer"), List(section, "ValidAudience"));
        options.TokenValidationParameters = new()
        {
            ValidateIssuer = issuers.Length > 0,
            ValidIssuers = issuers,
            ValidateAudience = audiences.Length > 0,
            ValidAudiences = audiences,
            ValidateIssuerSigningKey = true,
        };
        options.Authority = section["Authority"] ?? options.Authority;
        options.Challenge = section["Challenge"] ?? options.Challenge;
        options.MetadataAddress = section["MetadataAddress"] ?? options.MetadataAddress;
        options.BackchannelTimeout = Time(section["BackchannelTimeout"]) ?? options.BackchannelTimeout;
        options.RefreshInterval = Time(section["RefreshInterval"]) ?? options.RefreshInterval;
        options.IncludeErrorDetails = Flag(section["IncludeErrorDetails"]) ?? options.IncludeErrorDetails;
        options.MapInboundClaims = Flag(section["MapInboundClaims"]) ?? options.MapInboundClaims;
        options.RefreshOnIssuerKeyNotFound = Flag(section["RefreshOnIssuerKeyNotFound"]) ?? options.RefreshOnIssuerKeyNotFound;
        options.RequireHttpsMetadata = Flag(section["RequireHttpsMetadata"]) ?? options.RequireHttpsMetadata;
    }

    /// <summary>The value of that name, and the list whose name is its plural.</summary>
    private static string[] List(IConfiguration section, string name) =>
        [.. section.GetSection($"{name}s").GetChildren().Append(section.GetSection(name)).Select(entry => entry.Value).OfType<string>()];

    private static TimeSpan? Time(string? text) => text is null ? null : TimeSpan.Parse(text, CultureInfo.InvariantCulture);

    private static bool? Flag(string? text) => text is null ? null : bool.Parse(text);
}
