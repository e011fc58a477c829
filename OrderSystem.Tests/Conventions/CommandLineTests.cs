using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using OrderSystem.LoadTest;
using OrderSystem.Messaging.Operations;
using OrderSystem.OrderApi.Ops.Audit;
using OrderSystem.OrderApi.Ops.DeadLetters;
using OrderSystem.PaymentWorker.Ops.Payments;
using Xunit;

namespace OrderSystem.Tests.Conventions;

/// <summary>Every option and argument of every command line can be given: the parser knows how to read its type.</summary>
[Fast]
public sealed class CommandLineTests
{
    private static readonly IConfiguration Empty = new ConfigurationBuilder().Build();

    private static readonly Dictionary<string, string> Samples = new(StringComparer.Ordinal)
    {
        ["--mix"] = "1:45,3:50", ["--watch"] = "api=1", ["--set"] = "NAME=value", ["--phase"] = "steady",
        ["--provider-latency"] = "200ms",
    };

    public static TheoryData<string> Symbols => [.. Roots().SelectMany(root => Walk(root, root.Name)).Select(found => found.Path)];

    [Theory]
    [MemberData(nameof(Symbols))]
    public void A_value_of_its_type_is_read(string path)
    {
        var (_, root, symbol) = Roots().SelectMany(root => Walk(root, root.Name)).Single(found => found.Path == path);
        string[] names = [.. path.Split(' ')[1..^1]];
        string[] value = symbol switch
        {
            Option { ValueType: { } type } option when type == typeof(bool) => [option.Name],
            Option option => [option.Name, Samples.GetValueOrDefault(option.Name) ?? Sample(option.ValueType)],
            Argument argument => [Sample(argument.ValueType)],
            _ => throw new InvalidOperationException(path),
        };

        var parsed = root.Parse([.. names, .. value]);

        Assert.DoesNotContain(parsed.Errors, error => error.Message.Contains("Cannot parse", StringComparison.Ordinal));
        Assert.DoesNotContain(parsed.Errors, error => error.Message.Contains(value[^1], StringComparison.Ordinal));
        Assert.Empty(parsed.UnmatchedTokens);
    }

    private static Command[] Roots() =>
    [
        LoadCommand.Create(TimeProvider.System),
        new RootCommand { DeadLetterCommands.Create(Empty, "orders") },
        new RootCommand { AuditCommand.Create(Empty, "orders") },
        new RootCommand { PaymentCommands.Create(Host.CreateApplicationBuilder(), "payments") },
        new RootCommand { RedriveCommand.Create(Empty, "orders", "ORDERS") },
    ];

    private static IEnumerable<(string Path, Command Root, Symbol Symbol)> Walk(Command root, string path, Command? at = null)
    {
        var command = at ?? root;
        var options = command.Options.Where(option => option.Name is not ("--help" or "--version"));
        foreach (var symbol in options.Concat<Symbol>(command.Arguments))
            yield return ($"{path} {symbol.Name}", root, symbol);
        foreach (var nested in command.Subcommands.SelectMany(inner => Walk(root, $"{path} {inner.Name}", inner)))
            yield return nested;
    }

    private static string Sample(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var one when one == typeof(Guid) => "0198a1c2-7f00-7000-8000-000000000001",
        var one when one == typeof(DateTimeOffset) => "2026-01-01T00:00:00Z",
        var one when one == typeof(Uri) => "http://localhost:5080/",
        var one when one == typeof(string) || one == typeof(string[]) => "text",
        var one when one.IsPrimitive => "1",
        var one => throw new NotSupportedException($"Add a sample of {one}."),
    };
}
