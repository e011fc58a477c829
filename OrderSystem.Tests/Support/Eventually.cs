using System.Diagnostics;

namespace OrderSystem.Tests.Support;

/// <summary>Waits for a condition, and says what did not come true.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Asks again until the answer is true.</summary>
    internal static Task BeTrueAsync(string expectation, Func<Task<bool>> condition, TimeSpan? within = null) =>
        GetAsync(expectation, condition, holds => holds, within);

    /// <summary>Asks again until the answer is as expected, and returns it. Exceptions of the question count as "not yet"; one without an answer is waited for no longer than for all.</summary>
    internal static async Task<T> GetAsync<T>(string expectation, Func<Task<T>> question, Func<T, bool> isExpected, TimeSpan? within = null)
    {
        var limit = within ?? Patience;
        var started = Stopwatch.GetTimestamp();
        object? last = "no answer";
        while (true)
        {
            try
            {
                var remaining = limit - Stopwatch.GetElapsedTime(started);
                var answer = await question().WaitAsync(remaining > Pause ? remaining : Pause, TimeProvider.System);
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

    /// <summary>Also what a record, a tuple or an array holds.</summary>
    private static string Describe(object? value) => value switch
    {
        string text => text,
        System.Text.Json.JsonElement { ValueKind: System.Text.Json.JsonValueKind.Undefined } => "no answer",
        _ => System.Text.Json.JsonSerializer.Serialize(value, IncludeFields),
    };

    private static readonly System.Text.Json.JsonSerializerOptions IncludeFields = new() { IncludeFields = true };
}
