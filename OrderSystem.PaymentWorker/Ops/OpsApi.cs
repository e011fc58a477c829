using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Ops.Payments;
using OrderSystem.PaymentWorker.Ops.Reconciliation;
using OrderSystem.ServiceDefaults.Access;

namespace OrderSystem.PaymentWorker.Ops;

/// <summary>Endpoints for operators and for the order API; each operation is in the file of its name.</summary>
internal static class OpsApi
{
    internal static void MapOps(this IEndpointRouteBuilder app)
    {
        var ops = app.MapGroup("/ops").RequireAuthorization(Scopes.Operate);
        ops.MapPaymentsExport();
        ops.MapPayments();
        ops.MapWebhookOperations();
        ops.MapReconciliations();
        ops.MapRedrive();
        ops.MapPausePulling();
    }
}
