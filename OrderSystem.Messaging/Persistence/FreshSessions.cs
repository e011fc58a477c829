using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Reads once more on a fresh session what failed for the session that the pool had: one that the server ended meanwhile, or whose plans are out of date.</summary>
public static class FreshSessions
{
    /// <summary>Adds it for requests that only read. What is written is repeated by the <see cref="GroupCommitter"/>, where it is certain that it was rolled back.</summary>
    public static void UseFreshSessions(this WebApplication app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (NpgsqlException failure) when (HttpMethods.IsGet(context.Request.Method) && !context.Response.HasStarted && PostgresErrors.MayBeBetterOnAFreshSession(failure))
        {
            context.RequestServices.GetRequiredService<NpgsqlDataSource>().Clear();
            await next(context);
        }
    });
}
