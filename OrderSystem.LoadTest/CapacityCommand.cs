using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OrderSystem.LoadTest.Capacity;
using OrderSystem.LoadTest.Report;

namespace OrderSystem.LoadTest;

/// <summary><c>capacity --orders-per-second 5000</c>: instances, servers and limits for a load, from measured demands.</summary>
internal static class CapacityCommand
{
    private static readonly Workload Defaults = new();

    private static readonly Option<double> Rate = new("--orders-per-second")
    {
        Description = "Orders a second at the peak.", Required = true,
    };

    private static readonly Option<TimeSpan> Latency = new("--provider-latency")
    {
        Description = "Mean time of a provider's answer, such as 200ms or 1.5s.",
        DefaultValueFactory = _ => Defaults.ProviderLatency,
        CustomParser = ReadLatency,
    };

    private static readonly Option<double> Days =
        Number("--retention-days", "Days of orders in PostgreSQL. The services delete none.", Defaults.Days);

    private static readonly Option<double> Cores = Number("--cores", "Cores of each instance of a service.", Defaults.Cores);

    private static readonly Option<double> DatabaseCores =
        Number("--database-cores", "Cores of each of the two PostgreSQL primaries.", Defaults.DatabaseCores);

    private static readonly Option<int> Replicas = new("--replicas")
    {
        Description = "Copies of each stream: 1, 3 or 5.",
        DefaultValueFactory = _ => Defaults.Replicas,
    };

    private static readonly Option<string?> Report = new("--report")
    {
        Description = "The JSON of a run of --self --nats-sync on your machine. Default: a run that comes with the program.",
    };

    internal static Command Create()
    {
        var capacity = new Command("capacity", "Computes what a load needs, and what limits it first.")
        {
            Rate, Latency, Days, Cores, DatabaseCores, Replicas, Report,
        };
        foreach (var positive in new[] { Rate, Days, Cores, DatabaseCores })
            positive.Validators.Add(RefuseUnlessPositive);
        Replicas.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value is not ("1" or "3" or "5"))
                result.AddError("--replicas must be 1, 3 or 5.");
        });
        capacity.SetAction(RunAsync);
        return capacity;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var demands = arguments.GetValue(Report) is { } path
            ? Demands.Of(await ReportFiles.ReadAsync(path, cancellationToken), path)
            : await Demands.MeasuredAsync(cancellationToken);
        var plan = new CapacityPlan(demands, new()
        {
            OrdersPerSecond = arguments.GetValue(Rate),
            ProviderLatency = arguments.GetValue(Latency),
            Days = arguments.GetValue(Days),
            Cores = arguments.GetValue(Cores),
            DatabaseCores = arguments.GetValue(DatabaseCores),
            Replicas = arguments.GetValue(Replicas),
        });
        await Console.Out.WriteAsync(PlanText.Write(plan, demands.Source));
        return 0;
    }

    private static void RefuseUnlessPositive(OptionResult option)
    {
        if (option.Tokens is [var token] && double.TryParse(token.Value, CultureInfo.InvariantCulture, out var value)
            && !(value > 0 && double.IsFinite(value)))
            option.AddError($"{option.Option.Name} must be greater than 0.");
    }

    private static TimeSpan ReadLatency(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        var (number, milliseconds) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1)
            : text.EndsWith('s') ? (text[..^1], 1_000)
            : ("", 0);
        if (double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value < 86_400)
            return TimeSpan.FromMilliseconds(value * milliseconds);
        argument.AddError("--provider-latency must be a time such as 200ms or 1.5s.");
        return default;
    }

    private static Option<double> Number(string name, string description, double value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
