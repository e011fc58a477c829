using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Polly.Registry;

namespace Microsoft.Extensions.Http.Resilience;

/// <summary>What the building of a pipeline can use.</summary>
public class ResilienceHandlerContext
{
    private readonly ConfigureBuilderContext<HttpKey> _context;

    internal ResilienceHandlerContext(IServiceProvider services, ConfigureBuilderContext<HttpKey> context)
    {
        ServiceProvider = services;
        _context = context;
    }

    /// <summary>The services of the host.</summary>
    public IServiceProvider ServiceProvider { get; }

    /// <summary>The pipeline's name.</summary>
    public string BuilderName => _context.PipelineKey.Name;

    /// <summary>What <c>SelectPipelineBy</c> made of the request; empty without a selector.</summary>
    public string InstanceName => _context.PipelineKey.InstanceName;

    /// <summary>Builds the pipeline anew whenever these options change. Running calls finish with the one they have.</summary>
    public void EnableReloads<TOptions>(string? name = null)
    {
        var monitor = ServiceProvider.GetRequiredService<IOptionsMonitor<TOptions>>();
        var changed = new CancellationTokenSource();
        var listener = monitor.OnChange((_, changedName) =>
        {
            if (!string.Equals(changedName ?? Options.Options.DefaultName, name ?? Options.Options.DefaultName, StringComparison.Ordinal)) return;
#pragma warning disable MA0045 // A change listener is synchronous.
            changed.Cancel();
#pragma warning restore MA0045
        });

        _context.AddReloadToken(changed.Token);
        _context.OnPipelineDisposed(() =>
        {
            listener?.Dispose();
            changed.Dispose();
        });
    }

    /// <summary>The current value of options.</summary>
    public TOptions GetOptions<TOptions>(string? name = null) =>
        ServiceProvider.GetRequiredService<IOptionsMonitor<TOptions>>().Get(name ?? Options.Options.DefaultName);

    /// <summary>Runs when the pipeline is replaced or the host ends.</summary>
    public void OnPipelineDisposed(Action callback) => _context.OnPipelineDisposed(callback);
}
