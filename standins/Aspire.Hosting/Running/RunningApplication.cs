using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>What of the application exists while it runs.</summary>
internal sealed class RunningApplication : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Guard? _guard;

    public Dictionary<IResource, IReadOnlyList<Instance>> Instances { get; } = [];

    public Guard Guard => _guard ?? throw new InvalidOperationException("The application was not started.");

    public CancellationToken Stopping => _stopping.Token;

    public bool IsStopping => _stopping.IsCancellationRequested;

    public void Start() => _guard = Guard.Start();

    /// <summary>Ends every wait for a start.</summary>
    public Task BeginStopAsync() => _stopping.CancelAsync();

    public async Task EndAsync()
    {
        if (_guard is not null)
            await _guard.DisposeAsync();
        _guard = null;
    }

    public IReadOnlyList<Instance> InstancesOf(IResource resource) => Instances.GetValueOrDefault(resource) ?? [];

    public Instance? Find(string id) => Instances.Values.SelectMany(i => i).FirstOrDefault(i => string.Equals(i.Id, id, StringComparison.OrdinalIgnoreCase));

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stopping.Dispose();
    }
}
