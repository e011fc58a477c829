using OrderSystem.Messaging;
using OrderSystem.Messaging.Contracts;
using OrderSystem.Messaging.JetStream;
using OrderSystem.OrderApi;
using OrderSystem.OrderApi.Errors;
using OrderSystem.OrderApi.Ops;
using OrderSystem.OrderApi.Orders;
using OrderSystem.OrderApi.Payments;
using OrderSystem.OrderApi.Timeline;
using OrderSystem.ServiceDefaults;
using OrderSystem.ServiceDefaults.Access;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;

if (Healthcheck.Is(args))
    return await Healthcheck.RunAsync(args);

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Configuration.AddSecretFiles();
if (args is ["migrate"])
    return await MigrateVerb.RunAsync(builder.Configuration, "orders", typeof(Program).Assembly);
if (OpsCommands.Are(args))
    return await OpsCommands.RunAsync(builder.Configuration, args);

builder.AddServiceDefaults("order-api");
builder.AddHttpProtection();
builder.AddAccess();
builder.AddMessaging(databaseName: "orders", source: "/order-api", typeof(Program).Assembly);
builder.AddEventConsumer(Topology.PaymentResults, events => events
    .On<PaymentSucceeded, PaymentResultHandler>()
    .On<PaymentDeclined, PaymentResultHandler>()
    .On<PaymentReviewRequired, PaymentResultHandler>()
    .On<PaymentRefunded, PaymentResultHandler>()
    .On<ChargeRefunded, RefundResultHandler>()
    .On<RefundFailed, RefundResultHandler>());
builder.AddOrders();
builder.AddOps();
builder.AddTimeline();
builder.AddErrorAnswers();
builder.AddApiDocument();

var app = builder.Build();
app.CountRejectedRequests();
app.UseErrorAnswers();
app.UseHttpProtection();
app.UseAccess();
app.MapDefaultEndpoints();
app.MapOpenApi();
app.MapOrders();
app.MapOrderTimeline();
app.MapOps();
return await app.RunServiceAsync();
