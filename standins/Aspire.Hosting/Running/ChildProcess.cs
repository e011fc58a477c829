using System.ComponentModel;
using System.Diagnostics;

namespace Aspire.Hosting.Running;

/// <summary>What is to be run.</summary>
internal sealed record CommandLine(string Command, IReadOnlyList<string> Arguments, string WorkingDirectory, IReadOnlyDictionary<string, string?> Environment)
{
    /// <summary>PostgreSQL, also behind a program that changes the account: its SIGTERM waits for all clients, its SIGINT does not.</summary>
    public int StopSignal => Arguments.Prepend(Command).Any(a => Path.GetFileName(a) == "postgres") ? Signals.Interrupt : Signals.Terminate;
}

/// <summary>A process in a session of its own, which does not outlive the AppHost.</summary>
internal sealed class ChildProcess : IRunning
{
    // The leader of a new session is out of reach of Ctrl-C at the console, and its whole family can be signalled. Not every system has the program for that.
    private static readonly string? SessionStarter = Programs.Find("setsid", "/");
    private static readonly TimeSpan OutputDrain = TimeSpan.FromSeconds(2);
    private readonly Process _process;
    private readonly CommandLine _command;
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _openStreams = 2;

    private ChildProcess(Process process, CommandLine command, Guard guard)
    {
        _process = process;
        _command = command;
        Exited = WaitForExitAsync(guard);
    }

    public int ProcessId { get; private set; }

    /// <summary>The exit code, after everything that the process wrote was handed on.</summary>
    public Task<int> Exited { get; }

    /// <exception cref="DistributedApplicationException">There is no such program or directory.</exception>
    public static async Task<ChildProcess> StartAsync(CommandLine command, Guard guard, Action<string, bool> output)
    {
        if (!Directory.Exists(command.WorkingDirectory))
            throw new DistributedApplicationException($"the directory {command.WorkingDirectory} does not exist");
        var program = Programs.Find(command.Command, command.WorkingDirectory) ?? throw new DistributedApplicationException($"the program {command.Command} was not found");

        string[] words = SessionStarter is null ? [program, .. command.Arguments] : [SessionStarter, program, .. command.Arguments];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = command.WorkingDirectory,
        };
        start.Environment.Clear();
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;
        start.Environment[Guard.MarkVariable] = guard.Mark;

        var child = new ChildProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, command, guard);
        await child.StartAsync(guard, output);
        return child;
    }

    /// <summary>Asks the process to end; kills it, and everything in its session, when it does not.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        Signals.Send(ProcessId, _command.StopSignal);
        try
        {
            await Exited.WaitAsync(patience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            Signals.Send(ProcessId, Signals.Kill);
            await Exited;
        }
    }

    private async Task StartAsync(Guard guard, Action<string, bool> output)
    {
        _process.Exited += (_, _) => _exited.TrySetResult();
        _process.OutputDataReceived += (_, e) => Read(e.Data, isError: false, output);
        _process.ErrorDataReceived += (_, e) => Read(e.Data, isError: true, output);
        try
        {
            _process.Start();
        }
        catch (Win32Exception e)
        {
            throw new DistributedApplicationException(e.Message, e);
        }

        ProcessId = _process.Id;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await guard.AddAsync(ProcessId, _command.StopSignal);
        _process.StandardInput.Close();
    }

    private void Read(string? line, bool isError, Action<string, bool> output)
    {
        if (line is not null)
            output(line, isError);
        else if (Interlocked.Decrement(ref _openStreams) == 0)
            _outputEnded.TrySetResult();
    }

    private async Task<int> WaitForExitAsync(Guard guard)
    {
        await _exited.Task;

        // What the process has started may hold its output open; then what is left of it is not waited for.
        await Task.WhenAny(_outputEnded.Task, Task.Delay(OutputDrain, TimeProvider.System));
        Signals.SendToGroup(ProcessId, Signals.Kill);
        await guard.RemoveAsync(ProcessId);
        var exitCode = _process.ExitCode;
        _process.Dispose();
        return exitCode;
    }
}

/// <summary>Finds programs as a shell does.</summary>
internal static class Programs
{
    public static string? Find(string command, string workingDirectory)
    {
        if (command.Contains('/', StringComparison.Ordinal))
            return Path.GetFullPath(Path.Combine(workingDirectory, command)) is var path && File.Exists(path) ? path : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, command)).FirstOrDefault(File.Exists);
    }
}
