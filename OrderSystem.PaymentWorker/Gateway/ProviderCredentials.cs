using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using OrderSystem.ServiceDefaults.Hosting;

namespace OrderSystem.PaymentWorker.Gateway;

/// <summary>
/// Our credentials at the provider: a bearer token or Stripe's API key, headers, or both. When the provider rejects them, their secret
/// files are read again, so that a rotated secret is used without a restart.
/// </summary>
internal sealed class ProviderCredentials(IOptions<GatewayOptions> options, IConfiguration configuration)
{
    private const string Authorization = "Authorization";

    private volatile KeyValuePair<string, string>[] headers = Read(options.Value, configuration: null);

    internal void AddTo(HttpRequestMessage request)
    {
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    internal void ReadAgain() => headers = Read(options.Value, configuration);

    /// <summary>Validates the credentials; the errors do not quote them.</summary>
    internal static IEnumerable<ValidationResult> Validate(GatewayOptions options)
    {
        using var request = new HttpRequestMessage();
        foreach (var (name, value) in Read(options, configuration: null))
        {
            if (!IsHeader(request.Headers, name, value))
            {
                var setting = name == Authorization && !options.Headers.ContainsKey(name)
                    ? TokenOf(options).Setting
                    : $"{nameof(GatewayOptions.Headers)}__{name}";
                yield return new ValidationResult(
                    $"{GatewayOptions.Section}__{setting} is not a valid request header; set it to one line of text.", [setting]);
            }
        }
    }

    private static (string Setting, string? Value) TokenOf(GatewayOptions options) => options.IsStripe
        ? ($"{nameof(GatewayOptions.Stripe)}__{nameof(StripeOptions.ApiKey)}", options.Stripe.ApiKey)
        : (nameof(GatewayOptions.BearerToken), options.BearerToken);

    private static bool IsHeader(HttpRequestHeaders headers, string name, string value)
    {
        try
        {
            return !name.Equals(ProviderPipeline.KeyHeader, StringComparison.OrdinalIgnoreCase)
                && !value.Any(char.IsControl) && headers.TryAddWithoutValidation(name, value);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static KeyValuePair<string, string>[] Read(GatewayOptions options, IConfiguration? configuration)
    {
        var all = options.Headers
            .Select(header => KeyValuePair.Create(header.Key, Current($"Headers__{header.Key}") ?? header.Value))
            .ToList();
        var (setting, configured) = TokenOf(options);
        if ((Current(setting) ?? configured) is { Length: > 0 } token)
            all.Add(KeyValuePair.Create(Authorization, $"Bearer {token}"));
        return [.. all];

        string? Current(string name) =>
            configuration is not null
            && SecretFiles.ReadAgain(configuration, $"{GatewayOptions.Section}__{name}") is { } value
            && !value.Any(char.IsControl)
                ? value
                : null;
    }
}
