using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.ServiceDefaults.Hosting;
using OrderSystem.ServiceDefaults.Http;

namespace OrderSystem.PaymentWorker.Payments;

/// <summary>
/// Asks the order API for the payment method of an order, which its event does not carry. Without an answer the payment waits: an order
/// that came with a payment method is never charged by another one.
/// </summary>
internal sealed partial class PaymentMethods(
    IHttpClientFactory clients, IOptions<OrdersOptions> options, IConfiguration configuration, TimeProvider time,
    ILogger<PaymentMethods> logger)
{
    private const string ClientName = "order-api";

    /// <summary>An answer has less than 300 bytes.</summary>
    private const int MaxBytes = 4096;

    /// <summary>Short, since the payment's lease also covers the calls to the provider.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>After a call without an answer: else many payments that wait would each hold a slot for the timeout.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private volatile string? token = options.Value.OrdersToken;

    /// <summary>Timestamp of the last call without an answer; 0 after an answer.</summary>
    private long unansweredAt;

    internal static void AddTo(IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<OrdersOptions>(GatewayOptions.Section);
        builder.Services.AddHttpClient(ClientName, http => (http.Timeout, http.MaxResponseContentBufferSize) = (Timeout, MaxBytes))
            .RemoveHttpClientDefaults();
        builder.Services.AddSingleton<PaymentMethods>();
    }

    /// <summary>The payment method of a payment, which may have it already, or need none.</summary>
    internal async Task<FetchedMethod> OfAsync(Payment payment, CancellationToken cancellationToken) =>
        payment is { HasMethod: true, Method: null, IsCancelled: false }
            ? await FetchAsync(payment.OrderId, cancellationToken)
            : new(payment.Method, WhyNot: null);

    /// <summary>The payment method of an order that has one.</summary>
    internal async Task<FetchedMethod> FetchAsync(Guid orderId, CancellationToken cancellationToken)
    {
        if (options.Value.OrdersUrl is not { } address)
            return Missing("the order has a payment method, and Payments__OrdersUrl is not set");
        if (Volatile.Read(ref unansweredAt) is not 0 and var at && time.GetElapsedTime(at) < Pause)
            return Missing("the order API did not answer the last request for a payment method");
        var fetched = await AskAsync(address, orderId, cancellationToken);
        return fetched.WhyNot is { } whyNot ? Missing(whyNot) with { IsGone = fetched.IsGone } : fetched;

        FetchedMethod Missing(string whyNot)
        {
            Log.Missing(logger, orderId, whyNot);
            return new(Token: null, whyNot);
        }
    }

    private async Task<FetchedMethod> AskAsync(Uri address, Guid orderId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"internal/orders/{orderId}/payment-method"));
        if (token is { Length: > 0 } bearer)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer.Trim());
        try
        {
            using var http = clients.CreateClient(ClientName);
            using var response = await http.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                var answer = await response.Content.ReadFromJsonAsync(PaymentMethodJson.Default.PaymentMethodAnswer, cancellationToken);
                Volatile.Write(ref unansweredAt, 0);
                return answer?.PaymentMethod is { Length: > 0 } method ? new(method, WhyNot: null)
                    : new(Token: null, "the order API answered without the payment method");
            }

            // A rotated token is used from the next request on.
            if (response.StatusCode == HttpStatusCode.Unauthorized)
                token = SecretFiles.ReadAgain(configuration, OrdersOptions.TokenSetting) ?? token;
            return new(Token: null, $"the order API answered {(int)response.StatusCode} to the request for the payment method")
            {
                IsGone = response.StatusCode == HttpStatusCode.NotFound,
            };
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var why = failure is OperationCanceledException ? "did not answer in time" : failure is JsonException ? "answered no JSON"
                : $"is not reachable: {failure.Message}";
            Volatile.Write(ref unansweredAt, time.GetTimestamp());
            return new(Token: null, $"the order API, asked for the payment method, {why}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3004, Level = LogLevel.Warning,
            Message = "Payment method of order {OrderId} not available ({Reason}); the payment waits and is not charged without it.")]
        internal static partial void Missing(ILogger logger, Guid orderId, string reason);
    }
}

/// <summary>The payment method of an order.</summary>
/// <param name="Token">The method; null for an order without one, or when it could not be fetched.</param>
/// <param name="WhyNot">Why it could not be fetched.</param>
internal readonly record struct FetchedMethod(string? Token, string? WhyNot)
{
    /// <summary>
    /// The order API has none any more: the order is final there. Its cancellation will follow, or this database was restored to an earlier
    /// time and the provider knows the charge.
    /// </summary>
    internal bool IsGone { get; init; }

    /// <summary>It may be there later.</summary>
    internal bool IsUnavailable => WhyNot is not null && !IsGone;
}

/// <summary>Part of section <c>Payments</c>: the order API, for orders with a payment method of their own.</summary>
internal sealed class OrdersOptions : IValidatableObject
{
    internal const string TokenSetting = $"{GatewayOptions.Section}__{nameof(OrdersToken)}";

    /// <summary>
    /// Base address of the order API, such as http://localhost:5080. Default: none; then orders with a payment method wait.
    /// </summary>
    public Uri? OrdersUrl { get; set; }

    /// <summary>Token for it, with the scope orders.payment-methods. Default: none.</summary>
    public string? OrdersToken { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OrdersUrl is { } url && !GatewayOptions.IsHttp(url))
        {
            yield return new(
                $"{GatewayOptions.Section}__{nameof(OrdersUrl)} must be an absolute http or https address, such as http://localhost:5080.",
                [nameof(OrdersUrl)]);
        }

        if (OrdersToken?.Trim().Any(character => char.IsWhiteSpace(character) || char.IsControl(character)) == true)
            yield return new($"{TokenSetting} contains white space; set it to the token alone.", [nameof(OrdersToken)]);
    }
}

internal sealed record PaymentMethodAnswer(string? PaymentMethod);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PaymentMethodAnswer))]
internal sealed partial class PaymentMethodJson : JsonSerializerContext;
