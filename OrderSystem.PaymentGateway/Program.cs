using OrderSystem.PaymentGateway;
using OrderSystem.PaymentGateway.Answers;
using OrderSystem.PaymentGateway.Charges;
using OrderSystem.PaymentGateway.Console;
using OrderSystem.PaymentGateway.Faults;
using OrderSystem.PaymentGateway.Idempotency;
using OrderSystem.PaymentGateway.Ledger;
using OrderSystem.PaymentGateway.Refunds;
using OrderSystem.PaymentGateway.Settlement;
using OrderSystem.PaymentGateway.Stripe;
using OrderSystem.PaymentGateway.Webhooks;
using OrderSystem.ServiceDefaults;
using OrderSystem.ServiceDefaults.Hosting;

if (Healthcheck.Is(args))
    return await Healthcheck.RunAsync(args);

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

builder.AddServiceDefaults("payment-gateway");
builder.AddLedger();
builder.AddFaults();
builder.AddIdempotency();
WebhookSender.AddTo(builder);
builder.Services.AddHostedService<PendingOutcomes>();
builder.AddGatewayHttp();

var app = builder.Build();

app.UseExceptionHandler();
app.UseStatusCodePages();

// The APIs that the payment worker uses: the HTTP contract, and Stripe's. Both have one ledger.
var provider = app.MapGroup(string.Empty);
ProviderFaultFilter.AddTo(provider, Problems.Errors);
provider.MapCharges();
provider.MapRefunds();
app.MapStripe();

// Endpoints that only the simulator has.
app.MapConsole();
app.MapFaults();
app.MapLedger();
app.MapSettlement();
app.MapDefaultEndpoints();

return await app.RunServiceAsync();
