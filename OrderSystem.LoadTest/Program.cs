using System.CommandLine;
using OrderSystem.LoadTest;
using OrderSystem.LoadTest.Report;
using OrderSystem.LocalServers;

var arguments = LoadCommand.Create(TimeProvider.System).Parse(args);
try
{
    var exitCode = await arguments.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    return arguments.Errors.Count > 0 ? 2 : exitCode;
}
catch (Exception failure) when (failure is LoadTestException or LocalServerException)
{
    await Console.Error.WriteLineAsync(failure.Message);
    return 2;
}
catch (OperationCanceledException)
{
    return 2;
}
catch (HttpRequestException failure)
{
    await Console.Error.WriteLineAsync($"The API is not reachable: {failure.Message}");
    return 2;
}
