using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Polly;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>Checks each strategy's own rules and those between them.</summary>
internal sealed class HttpStandardResilienceOptionsValidator(string pipelineName) : IValidateOptions<HttpStandardResilienceOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpStandardResilienceOptions options)
    {
        if (!string.Equals(name, pipelineName, StringComparison.Ordinal)) return ValidateOptionsResult.Skip;

        var result = new ValidateOptionsResultBuilder();
        var strategies = new (string Name, ResilienceStrategyOptions? Options)[]
        {
            (nameof(options.RateLimiter), options.RateLimiter),
            (nameof(options.TotalRequestTimeout), options.TotalRequestTimeout),
            (nameof(options.Retry), options.Retry),
            (nameof(options.CircuitBreaker), options.CircuitBreaker),
            (nameof(options.AttemptTimeout), options.AttemptTimeout),
        };
        foreach (var strategy in strategies) CheckStrategy(strategy.Name, strategy.Options, result);
        if (strategies.All(strategy => strategy.Options is not null)) CheckTogether(options, result);
        return result.Build();
    }

    private static void CheckStrategy(string property, ResilienceStrategyOptions? strategy, ValidateOptionsResultBuilder result)
    {
        if (strategy is null)
        {
            result.AddError($"The {property} field is required.", property);
            return;
        }

        var errors = new List<ValidationResult>();
        Validator.TryValidateObject(strategy, new ValidationContext(strategy), errors, validateAllProperties: true);
        foreach (var error in errors) result.AddError(error.ErrorMessage ?? "is not valid", property);
    }

    private static void CheckTogether(HttpStandardResilienceOptions options, ValidateOptionsResultBuilder result)
    {
        if (options.AttemptTimeout.Timeout > options.TotalRequestTimeout.Timeout)
        {
            result.AddError(
                $"The total timeout must be at least the attempt timeout: {options.TotalRequestTimeout.Timeout} against {options.AttemptTimeout.Timeout}.",
                nameof(options.TotalRequestTimeout));
        }

        if (options.CircuitBreaker.SamplingDuration < options.AttemptTimeout.Timeout * 2)
        {
            result.AddError(
                $"The sampling duration must be at least twice the attempt timeout: {options.CircuitBreaker.SamplingDuration} against {options.AttemptTimeout.Timeout}.",
                nameof(options.CircuitBreaker));
        }
    }
}
