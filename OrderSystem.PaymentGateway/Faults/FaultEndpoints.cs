using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace OrderSystem.PaymentGateway.Faults;

internal static class FaultEndpoints
{
    public static void AddFaults(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<FaultInjector>();
        builder.Services.AddOptions<FaultSettings>()
            .BindConfiguration("Faults", binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateDataAnnotations()
            .ValidateOnStart();
    }

    public static void MapFaults(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/faults", Show);
        routes.MapPut("/faults", Set);
        routes.MapDelete("/faults", Clear);
    }

    private static Ok<FaultSettings> Show(FaultInjector faults) => TypedResults.Ok(faults.Settings);

    // The body replaces all settings: a fault that it omits is switched off.
    private static Results<Ok<FaultSettings>, ValidationProblem> Set(FaultSettings settings, FaultInjector faults)
    {
        var errors = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new ValidationContext(settings), errors, validateAllProperties: true))
        {
            return TypedResults.ValidationProblem(errors.ToDictionary(
                error => JsonNamingPolicy.CamelCase.ConvertName(error.MemberNames.First()),
                error => new[] { error.ErrorMessage ?? "The value is not valid." },
                StringComparer.Ordinal));
        }

        faults.Set(settings);
        return TypedResults.Ok(settings);
    }

    private static NoContent Clear(FaultInjector faults)
    {
        faults.Set(new FaultSettings());
        return TypedResults.NoContent();
    }
}
