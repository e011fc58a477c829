namespace Aspire.Hosting;

/// <summary>Shows a mistake in the configuration as its message, not as a stack trace, when nobody catches it.</summary>
internal static class OneLineFailure
{
    private static DistributedApplicationException? _expected;

    public static void Expect(DistributedApplicationException exception)
    {
        if (Interlocked.Exchange(ref _expected, exception) is null)
            AppDomain.CurrentDomain.UnhandledException += OnUnhandled;
    }

    private static void OnUnhandled(object sender, UnhandledExceptionEventArgs e)
    {
        if (e.ExceptionObject != _expected)
            return;
        Console.Error.WriteLine(_expected!.Message);
        Environment.Exit(1);
    }
}
