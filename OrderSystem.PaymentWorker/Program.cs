using OrderSystem.Messaging;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Persistence;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Ops;
using OrderSystem.PaymentWorker.Payments;
using OrderSystem.ServiceDefaults;
using OrderSystem.ServiceDefaults.Hosting;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
if (args is ["migrate"])
    return await Migrator.RunAsync(builder.Configuration, "payments", typeof(Program).Assembly);

builder.AddServiceDefaults();
builder.AddMessaging(databaseName: "payments", source: "/payment-worker", typeof(Program).Assembly);
builder.AddEventConsumer(Topology.OrderProcessor, events => events
    .On<OrderCreated, OrderCreatedHandler>()
    .On<OrderCancelled, OrderCancelledHandler>());
builder.AddPayments();
builder.AddPaymentGateway();

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapPaymentsExport();
app.MapPaymentTimeline();
return await app.RunServiceAsync();
