namespace OrderSystem.Tests.Support;

/// <summary>The database roles of the services, which the migrations create.</summary>
internal static class RuntimeRoles
{
    internal const string OrderApi = "order_api";
    internal const string PaymentWorker = "payment_worker";

    internal static string Of(string project) => project == "OrderSystem.PaymentWorker" ? PaymentWorker : OrderApi;

    /// <summary>Adds the settings with which a migration creates the role.</summary>
    internal static void AddTo(Dictionary<string, string> environment, string project) =>
        (environment["Database__RuntimeRole"], environment["Database__RuntimePassword"]) = (Of(project), PostgresTemplate.Password);
}
