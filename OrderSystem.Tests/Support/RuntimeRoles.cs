namespace OrderSystem.Tests.Support;

/// <summary>The roles as which the services work in their databases; the migrations make them.</summary>
internal static class RuntimeRoles
{
    internal const string OrderApi = "order_api";
    internal const string PaymentWorker = "payment_worker";

    internal static string Of(string project) => project == "OrderSystem.PaymentWorker" ? PaymentWorker : OrderApi;

    /// <summary>What a migration is told, so that it makes the role.</summary>
    internal static void AddTo(Dictionary<string, string> environment, string project) =>
        (environment["Database__RuntimeRole"], environment["Database__RuntimePassword"]) = (Of(project), PostgresTemplate.Password);
}
