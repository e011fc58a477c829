namespace OrderSystem.Tests.StandIns.Nats;

/// <summary>Waits for conditions, and says which one never came true.</summary>
internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task TrueAsync(string reason, Func<bool> condition) => TrueAsync(reason, () => Task.FromResult(condition()));

    public static async Task TrueAsync(string reason, Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"Waited {Patience} in vain until: {reason}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Fails instead of hanging.</summary>
    public static async Task<T> DoneAsync<T>(string reason, Task<T> task)
    {
        try
        {
            return await task.WaitAsync(Patience);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Waited {Patience} in vain until: {reason}", e);
        }
    }

    /// <inheritdoc cref="DoneAsync{T}"/>
    public static async Task DoneAsync(string reason, Task task)
    {
        try
        {
            await task.WaitAsync(Patience);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Waited {Patience} in vain until: {reason}", e);
        }
    }
}
