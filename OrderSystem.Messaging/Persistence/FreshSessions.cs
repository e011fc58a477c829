using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace OrderSystem.Messaging.Persistence;

/// <summary>Retries a read once on a fresh session, if it failed because the pooled session was unfit or ended by the server.</summary>
public static class FreshSessions
{
    /// <summary>Adds the retry for GET requests. Writes are retried by the group committer, where a rollback is certain.</summary>
    public static void UseFreshSessions(this WebApplication app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (NpgsqlException failure) when (HttpMethods.IsGet(context.Request.Method)
            && !context.Response.HasStarted && PostgresErrors.MayBeBetterOnAFreshSession(failure))
        {
            context.RequestServices.GetRequiredService<NpgsqlDataSource>().Clear();
            await next(context);
        }
    });
}
