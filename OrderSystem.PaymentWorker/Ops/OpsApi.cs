using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Ops.Payments;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>What operators and the order API can ask; each operation is the file of its name.</summary>
internal static class OpsApi
{
    internal static void MapOps(this IEndpointRouteBuilder app)
    {
        var ops = app.MapGroup("/ops").RequireAuthorization(Scopes.Operate);
        ops.MapPaymentsExport();
        ops.MapPayments();
        ops.MapRedrive();
        ops.MapPausePulling();
    }
}
