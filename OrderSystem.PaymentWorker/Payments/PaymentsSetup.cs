namespace OrderSystem.PaymentWorker.Payments;

/// <summary>Registers what the event handlers share.</summary>
internal static class PaymentsSetup
{
    internal static void AddPayments(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PaymentMetrics>();
        builder.Services.AddSingleton<Doubt>();
        PaymentMethods.AddTo(builder);
        builder.Services.AddSingleton<Inquiry>();
        builder.Services.AddSingleton<ProcessingSchedule>();
        builder.Services.AddSingleton<Processing>();
        builder.Services.AddSingleton<Charging>();
        builder.Services.AddSingleton<EndRefund>();
        builder.Services.AddSingleton<Refunding>();
        builder.Services.AddSingleton<DueRefunds>();
        builder.Services.AddSingleton<DuePayments>();
        builder.Services.AddSingleton<OpenPayments>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OpenPayments>());
        builder.Services.AddHostedService<LeaseRepair>();
        builder.Services.AddHostedService<PaymentGauges>();
    }
}
