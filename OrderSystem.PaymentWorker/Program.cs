using OrderSystem.Messaging;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Ops;
using OrderSystem.PaymentWorker.Ops.Payments;
using OrderSystem.PaymentWorker.Ops.Reconciliation;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.PaymentWorker.Webhooks;
using OrderSystem.ServiceDefaults;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;

if (Healthcheck.Is(args))
    return await Healthcheck.RunAsync(args);

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Configuration.AddSecretFiles();
if (args is ["migrate"])
    return await MigrateVerb.RunAsync(builder.Configuration, "payments", typeof(Program).Assembly);
if (OpsCommands.Are(args))
    return await OpsCommands.RunAsync(builder, args);

builder.AddServiceDefaults("payment-worker");
builder.AddHttpProtection();
builder.AddAccess();
builder.AddMessaging(databaseName: "payments", source: "/payment-worker", typeof(Program).Assembly);
builder.AddEventConsumer(Topology.OrderProcessor, events => events
    .On<OrderCreated, OrderCreatedHandler>()
    .On<OrderCancelled, OrderCancelledHandler>()
    .On<RefundRequested, RefundRequestedHandler>());
builder.AddPayments();
builder.AddPaymentGateway();
builder.AddWebhooks();
builder.AddPaymentOperations();
builder.AddReconciliation();
builder.Services.AddRedrive(Topology.Payments);

var app = builder.Build();
app.UseStatusCodePages();
app.UseFreshSessions();
app.UseHttpProtection();
app.UseAccess();
app.MapDefaultEndpoints();
app.MapOps();
app.MapWebhooks();
return await app.RunServiceAsync();
