using OrderSystem.AppHost.Access;
using OrderSystem.AppHost.Commands;
using OrderSystem.AppHost.Infrastructure;

var builder = DistributedApplication.CreateBuilder(
    new DistributedApplicationOptions { Args = args, DisableDashboard = args.Contains("--no-dashboard") });
if (args is [TokenCommand.Verb or TokenCommand.KeysVerb, ..])
{
    await TokenCommand.PrintAsync(builder, args[0]);
    return 0;
}

if (await builder.AddInfrastructureAsync() is not { } infrastructure)
    return 1;
var tokens = await TokenResources.AddAsync(builder);

var orderMigrations = builder.AddProject<Projects.OrderSystem_OrderApi>("order-migrations", launchProfileName: null)
    .WithArgs("migrate")
    .WithMigrationAccess(infrastructure, infrastructure.Orders);

var paymentMigrations = builder.AddProject<Projects.OrderSystem_PaymentWorker>("payment-migrations", launchProfileName: null)
    .WithArgs("migrate")
    .WithMigrationAccess(infrastructure, infrastructure.Payments);

var api = builder.AddProject<Projects.OrderSystem_OrderApi>("order-api")
    .WithReference(infrastructure.Nats.OrderApi, "nats")
    .WithReference(infrastructure.Orders.Service, "orders")
    .WaitForServer(infrastructure.NatsServer)
    .WaitForCompletion(orderMigrations)
    .WithTokens(tokens)
    .WithWorkerToken(tokens)
    .WithExternalHttpEndpoints()
    .WithServiceHealth()
    .WithUrlForEndpoint("http", _ => new ResourceUrlAnnotation { Url = "/openapi/v1.json", DisplayText = "OpenAPI" })
    .WithIconName("Cart")
    .WithTokenCommand()
    .WithOrderCommands()
    .WithDeadLetterCommands()
    .WithAuditCommand()
    .WithRedriveCommand();

var worker = builder.AddProject<Projects.OrderSystem_PaymentWorker>("payment-worker")
    .WithReference(infrastructure.Nats.PaymentWorker, "nats")
    .WithReference(infrastructure.Payments.Service, "payments")
    .WaitForServer(infrastructure.NatsServer)
    .WaitForCompletion(paymentMigrations)
    .WithTokens(tokens)
    .WithOrdersToken(tokens)
    .WithServiceHealth()
    .WithIconName("Payment")
    .WithWorkerCommands()
    .WithRedriveCommand();

api.WithEnvironment("Audit__WorkerUrl", worker.GetEndpoint("http"));
worker.WithEnvironment("Payments__OrdersUrl", api.GetEndpoint("http"));

// Locally, the dashboard replays the dead letters of every service. In a deployment that is done on the command line.
if (builder.ExecutionContext.IsRunMode && infrastructure.Nats.Ops is { } operators)
    api.WithReference(operators, connectionName: "natsOps");

if (StripeProvider.IsChosen(builder))
{
    worker.WithStripe(builder);
}
else if (builder.ExecutionContext.IsRunMode)
{
    // The provider is simulated locally. A deployment has a parameter for the address of a real one.
    var gateway = builder.AddProject<Projects.OrderSystem_PaymentGateway>("payment-gateway")
        .WithEnvironment("Ledger__Path", Path.Combine(builder.DataFolder(), "payment-gateway", "ledger.ndjson"))
        .WithHttpHealthCheck("/health")
        .WithUrlForEndpoint("http", _ => new ResourceUrlAnnotation { Url = "/ledger", DisplayText = "Ledger" })
        .WithIconName("BuildingBank")
        .WithProviderCommands()
        .WithWebhooksTo(worker);
    worker.WithEnvironment("Payments__GatewayUrl", gateway.GetEndpoint("http")).WaitFor(gateway)
        .WithEnvironment("Payments__Reconciliation__Margin", "00:00:00")
        .WithReconcileCommand(gateway);
    api.WithEnvironment("Audit__LedgerUrl", gateway.GetEndpoint("http"));
}
else
{
    worker.WithEnvironment("Payments__GatewayUrl", builder.AddParameter("payment-gateway-url"));
}

builder.UseNoDevelopmentCertificate();
builder.AddStartupReport(api);
try
{
    await builder.Build().RunAsync();
}
catch (OperationCanceledException)
{
    // Stopped during startup.
}

return 0;
