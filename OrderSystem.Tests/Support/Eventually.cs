using System.Diagnostics;

namespace OrderSystem.Tests.Support;

/// <summary>Polls until a condition holds. A timeout names the condition and the last value.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Polls until the condition holds.</summary>
    internal static Task BeTrueAsync(string expectation, Func<Task<bool>> condition, TimeSpan? within = null) =>
        GetAsync(expectation, condition, holds => holds, within);

    /// <summary>
    /// Polls until the value is as expected, and returns it. An exception counts
    /// as "not yet". A call that hangs is abandoned when the time is over.
    /// </summary>
    internal static async Task<T> GetAsync<T>(string expectation, Func<Task<T>> read, Func<T, bool> isExpected, TimeSpan? within = null)
    {
        var limit = within ?? Timeout;
        var started = Stopwatch.GetTimestamp();
        object? last = "no value";
        while (true)
        {
            try
            {
                var remaining = limit - Stopwatch.GetElapsedTime(started);
                var answer = await read().WaitAsync(remaining > Pause ? remaining : Pause, TimeProvider.System);
                if (isExpected(answer))
                    return answer;
                last = answer;
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                last = failure.Message;
            }

            if (Stopwatch.GetElapsedTime(started) > limit)
                throw new Xunit.Sdk.XunitException($"Not within {limit.TotalSeconds:0} s: {expectation}. Last: {Describe(last)}");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>As JSON, which shows the contents of records, tuples and arrays.</summary>
    private static string Describe(object? value) => value switch
    {
        string text => text,
        System.Text.Json.JsonElement { ValueKind: System.Text.Json.JsonValueKind.Undefined } => "no value",
        _ => System.Text.Json.JsonSerializer.Serialize(value, IncludeFields),
    };

    private static readonly System.Text.Json.JsonSerializerOptions IncludeFields = new() { IncludeFields = true };
}
