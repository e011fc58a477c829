using Microsoft.OpenApi;
using OrderSystem.OrderApi.Orders;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.OrderApi;

/// <summary><c>/openapi/v1.json</c>: the OpenAPI document, with bearer authentication.</summary>
internal static class ApiDocument
{
    private const string Bearer = "bearer";

    internal static void AddApiDocument(this IHostApplicationBuilder builder) =>
        builder.Services.AddOpenApi(options => options.AddSchemaTransformer((schema, context, _) =>
        {
            // The generator does not know what a custom converter reads.
            if (context.JsonPropertyInfo?.CustomConverter is ExactDecimal)
                (schema.Type, schema.Format) = (JsonSchemaType.Number, "double");
            return Task.CompletedTask;
        }).AddDocumentTransformer((document, _, _) =>
        {
            document.AddComponent(Bearer, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                BearerFormat = "JWT",
                Description = $"Of the configured issuer, with the scopes {Scopes.Read}, {Scopes.Write} or {Scopes.Operate}.",
            });
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] }];
            return Task.CompletedTask;
        }));
}
