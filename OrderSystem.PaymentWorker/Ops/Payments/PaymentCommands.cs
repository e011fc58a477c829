using System.CommandLine;
using System.Globalization;
using Npgsql;
using OrderSystem.Messaging.JetStream;
using OrderSystem.Messaging.Operations;
using OrderSystem.PaymentWorker.Gateway;
using OrderSystem.PaymentWorker.Payments;

namespace OrderSystem.PaymentWorker.Ops.Payments;

/// <summary><c>payments list | show | requery | resolve | refunds | resolve-refund</c>.</summary>
internal static class PaymentCommands
{
    internal const string Verb = "payments";

    private static readonly Argument<Guid> Id = new("id") { Description = "Id of the order or of its payment." };
    private static readonly Option<string?> Status = new("--status")
    {
        Description = $"Only payments in this status: {string.Join(", ", ListPayments.Statuses)}.",
    };

    private static readonly Option<string?> OlderThan = new("--older-than")
    {
        Description = "Only payments that have waited at least this long, such as 15m.",
    };

    private static readonly Option<string?> Limit = new("--limit")
    {
        Description = $"Maximum number of payments to list, {ListPayments.DefaultLimit} by default.",
    };

    private static readonly Option<string> As = new("--as")
    {
        Description = "succeeded: the order was charged; failed: it was not; refunded: it was charged and refunded.",
        Required = true,
    };

    private static readonly Argument<Guid> RefundId = new("id") { Description = "Id of the refund." };

    private static readonly Option<string> RefundAs = new("--as")
    {
        Description = "succeeded: it was made; failed: it was not, and will not be; retry: it is made after all, under its key.",
        Required = true,
    };

    private static readonly Option<string?> RefundReference = new("--reference")
    {
        Description = "Id of the refund at the provider, for succeeded.",
    };

    private static readonly Option<string?> RefundStatus = new("--status")
    {
        Description = $"Refunds in this status, {ListRefunds.Statuses[0]} by default: {string.Join(", ", ListRefunds.Statuses)}.",
    };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "How you know. It is recorded and shown with the order.",
        Required = true,
    };

    private static readonly Option<string?> Reference = new("--reference")
    {
        Description = "Id of the charge (succeeded) or of the refund (refunded) at the provider.",
    };

    private static readonly Option<bool> Force = new("--force")
    {
        Description = "Decide although the provider does not confirm it. A decision that it contradicts is still refused.",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    internal static Command Create(IHostApplicationBuilder builder, string databaseName)
    {
        var list = new Command("list", "Lists payments that wait for the provider or for a review, the oldest first.")
        {
            Status, OlderThan, Limit, Json,
        };
        On(list, ListAsync);
        var show = new Command("show", "Shows a payment with its calls, its events and the operator actions on it.") { Id };
        On(show, ShowAsync);
        var requery = new Command("requery", "Looks an order up at the provider and applies the outcome if it is certain.") { Id, Json };
        On(requery, async (database, arguments, token) => await ReportAsync(
            await Services(database).GetRequiredService<RequeryPayment>().RunAsync(arguments.GetValue(Id), Operator.OfThisProcess, token),
            arguments));
        var resolve = new Command("resolve", "Ends a review with an operator's decision, unless the provider contradicts it.")
        {
            Id, As, Reference, Reason, Force, Json,
        };
        On(resolve, async (database, arguments, token) => await ReportAsync(
            await Services(database).GetRequiredService<ResolvePayment>()
                .RunAsync(arguments.GetValue(Id), Request(arguments), Operator.OfThisProcess, token),
            arguments));
        var refunds = new Command("refunds", "Lists refunds of paid orders that wait for a review or for the provider.")
        {
            RefundStatus, Json,
        };
        On(refunds, ListRefundsAsync);
        var resolveRefund = new Command(
            "resolve-refund", "Ends the review of a refund with an operator's decision, unless the provider contradicts it.")
        {
            RefundId, RefundAs, RefundReference, Reason, Force, Json,
        };
        On(resolveRefund, async (database, arguments, token) => await ReportAsync(
            await Services(database).GetRequiredService<ResolveRefund>()
                .RunAsync(arguments.GetValue(RefundId), RefundRequest(arguments), Operator.OfThisProcess, token),
            arguments));
        return new Command(Verb, "Lists, shows, looks up and resolves payments and refunds without an outcome.")
        {
            list, show, requery, resolve, refunds, resolveRefund,
        };

        void On(Command command, Func<NpgsqlDataSource, ParseResult, CancellationToken, Task<int>> action) =>
            command.SetAction((arguments, token) => OpsConnections.RunWithDatabaseAsync(
                builder.Configuration, databaseName, database => action(database, arguments, token)));

        // The services that call the provider, configured as in the worker; no hosted service is started.
        ServiceProvider Services(NpgsqlDataSource database)
        {
            builder.Logging.ClearProviders();
            builder.AddPayments();
            builder.AddPaymentGateway();
            builder.AddPaymentOperations();
            builder.Services.AddSingleton(database).AddSingleton(TimeProvider.System).AddSingleton<PullGate>();
            return builder.Services.BuildServiceProvider();
        }
    }

    private static async Task<int> ListAsync(NpgsqlDataSource database, ParseResult arguments, CancellationToken token)
    {
        var (request, errors) = ListPayments.Parse(arguments.GetValue(Status), arguments.GetValue(OlderThan), arguments.GetValue(Limit));
        ThrowIfAny(errors);
        var found = await ListPayments.ReadAsync(database, request, token);
        if (arguments.GetValue(Json))
        {
            await Output.JsonAsync(found, PaymentsJson.Default);
            return OpsExitCode.Done;
        }

        await Output.TableAsync(
            ["ORDER", "STATUS", "SINCE", "AMOUNT", "CANCELLED", "ATTEMPTS", "REASON"],
            found.Items.Select(payment => new[]
            {
                $"{payment.OrderId}", payment.Status, Output.Text(payment.Since),
                string.Create(CultureInfo.InvariantCulture, $"{payment.Amount} {payment.Currency}"),
                payment.IsCancelled ? "yes" : "no", string.Create(CultureInfo.InvariantCulture, $"{payment.Attempts}"),
                payment.Reason ?? "-",
            }));
        if (found.Total > found.Items.Count)
            await Console.Error.WriteLineAsync($"{found.Items.Count} of {found.Total} are shown; raise --limit for more.");
        return OpsExitCode.Done;
    }

    private static async Task<int> ShowAsync(NpgsqlDataSource database, ParseResult arguments, CancellationToken token)
    {
        var history = await PaymentTimeline.ReadAsync(database, arguments.GetValue(Id), [], token);
        if (history.Payment is null)
            return await NoneAsync(arguments);
        await Output.JsonAsync(history, PaymentsJson.Default);
        return OpsExitCode.Done;
    }

    private static ResolveRequest Request(ParseResult arguments)
    {
        var request = new ResolveRequest(
            arguments.GetValue(As)!, arguments.GetValue(Reason)!, arguments.GetValue(Reference), arguments.GetValue(Force));
        ThrowIfAny(request.Validate());
        return request;
    }

    private static async Task<int> ReportAsync(PaymentReport? report, ParseResult arguments)
    {
        if (report is null)
            return await NoneAsync(arguments);
        if (arguments.GetValue(Json))
            await Output.JsonAsync(report, PaymentsJson.Default);
        else
        {
            var change = report.Changed ? "is now" : "stays";
            await Console.Out.WriteLineAsync($"The payment of order {report.OrderId} {change} {report.Status}. {report.Detail}");
        }

        return report.Changed ? OpsExitCode.Done : OpsExitCode.No;
    }

    private static async Task<int> ListRefundsAsync(NpgsqlDataSource database, ParseResult arguments, CancellationToken token)
    {
        var status = arguments.GetValue(RefundStatus) ?? ListRefunds.Statuses[0];
        if (!ListRefunds.Statuses.Contains(status))
            throw new OpsException($"--status must be one of {string.Join(", ", ListRefunds.Statuses)}.");
        var found = await ListRefunds.ReadAsync(database, status, ListPayments.MaxLimit, token);
        if (arguments.GetValue(Json))
        {
            await Output.JsonAsync(found, PaymentsJson.Default);
            return OpsExitCode.Done;
        }

        await Output.TableAsync(
            ["REFUND", "ORDER", "STATUS", "SINCE", "AMOUNT", "ATTEMPTS", "WHY"],
            found.Items.Select(refund => new[]
            {
                $"{refund.Id}", $"{refund.OrderId}", refund.Status, Output.Text(refund.CreatedAt),
                string.Create(CultureInfo.InvariantCulture, $"{refund.Amount} {refund.Currency}"),
                string.Create(CultureInfo.InvariantCulture, $"{refund.Attempts}"), refund.Failure ?? "-",
            }));
        return OpsExitCode.Done;
    }

    private static ResolveRefundRequest RefundRequest(ParseResult arguments)
    {
        var request = new ResolveRefundRequest(
            arguments.GetValue(RefundAs)!, arguments.GetValue(Reason)!, arguments.GetValue(RefundReference), arguments.GetValue(Force));
        ThrowIfAny(request.Validate());
        return request;
    }

    private static async Task<int> ReportAsync(RefundReport? report, ParseResult arguments)
    {
        if (report is null)
        {
            await Console.Error.WriteLineAsync(
                $"There is no refund {arguments.GetValue(RefundId)}; 'payments refunds' lists those in review.");
            return OpsExitCode.No;
        }

        if (arguments.GetValue(Json))
            await Output.JsonAsync(report, PaymentsJson.Default);
        else
            await Console.Out.WriteLineAsync(
                $"Refund {report.RefundId} {(report.Changed ? "is now" : "stays")} {report.Status}. {report.Detail}");
        return report.Changed ? OpsExitCode.Done : OpsExitCode.No;
    }

    private static async Task<int> NoneAsync(ParseResult arguments)
    {
        await Console.Error.WriteLineAsync($"No payment and no order of a payment has the id {arguments.GetValue(Id)}; check the id.");
        return OpsExitCode.No;
    }

    private static void ThrowIfAny(Dictionary<string, string[]> errors)
    {
        if (errors.Count > 0)
        {
            throw new OpsException(string.Join(
                ' ', errors.Select(error => $"--{(error.Key == "olderThan" ? "older-than" : error.Key)} {error.Value[0]}.")));
        }
    }
}
