using System.Diagnostics;

namespace OrderSystem.Tests.Support;

/// <summary>Starts processes that end with this one, however it ends: a test run that is killed leaves no server behind.</summary>
internal static class ProcessGuardian
{
    /// <summary>
    /// A shell leaves a watcher behind and becomes the program, which so keeps the id that it was started with. The watcher's input is a
    /// pipe of this process; when that ends it kills its parent, if that is still the program: the id of one that is gone may be somebody
    /// else's by now. (A parent-death signal would be sent as soon as the thread ends that started the program.)
    /// </summary>
    private const string Watch = """
        {
            read -r _
            while read -r name value; do [ "$name" = PPid: ] && parent=$value; done </proc/self/status
            if [ "$parent" = $$ ]; then kill -KILL $$; [ -z "$0" ] || rm -rf "$0"; fi
        } <&3 3<&- >/dev/null 2>&1 &
        exec "$@" 3<&-
        """;

    /// <summary>Starts a program whose input is empty.</summary>
    /// <param name="start">What to start; its output may be redirected.</param>
    /// <param name="folder">What is of no use without the program, and is removed when it is killed.</param>
    internal static Process Start(ProcessStartInfo start, string? folder = null)
    {
        string[] command = [start.FileName, .. start.ArgumentList];
        start.FileName = "sh";
        start.ArgumentList.Clear();
        foreach (var argument in new[] { "-c", $"exec 3<&0 </dev/null\n{Watch}", folder ?? "" }.Concat(command))
            start.ArgumentList.Add(argument);
        start.RedirectStandardInput = true;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Start();
        var pipe = process.StandardInput;
        process.Exited += (_, _) => pipe.Dispose();
        return process;
    }
}
