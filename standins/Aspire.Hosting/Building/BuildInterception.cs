using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Lets a test host take part when an AppHost's entry point, which runs in the same execution context, builds its application.</summary>
internal sealed class BuildInterception
{
    private static readonly AsyncLocal<BuildInterception?> Context = new();

    public static BuildInterception? Current
    {
        get => Context.Value;
        set => Context.Value = value;
    }

    public required Action<DistributedApplicationOptions, HostApplicationBuilderSettings> Configuring { get; init; }

    public required Action<IDistributedApplicationBuilder> Building { get; init; }

    public required Action<DistributedApplication> Built { get; init; }
}
