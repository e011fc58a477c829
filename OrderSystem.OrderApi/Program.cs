using OrderSystem.Messaging;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Persistence;
using OrderSystem.OrderApi.Errors;
using OrderSystem.OrderApi.Orders;
using OrderSystem.OrderApi.Payments;
using OrderSystem.ServiceDefaults;
using OrderSystem.ServiceDefaults.Hosting;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
if (args is ["migrate"])
    return await Migrator.RunAsync(builder.Configuration, "orders", typeof(Program).Assembly);

builder.AddServiceDefaults();
builder.AddMessaging(databaseName: "orders", source: "/order-api", typeof(Program).Assembly);
builder.AddEventConsumer(Topology.PaymentResults, events => events
    .On<PaymentSucceeded, PaymentResultHandler>()
    .On<PaymentDeclined, PaymentResultHandler>());
builder.AddOrders();
builder.AddErrorAnswers();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseErrorAnswers();
app.MapDefaultEndpoints();
app.MapOpenApi();
app.MapOrders();
return await app.RunServiceAsync();
