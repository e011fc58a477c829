using System.Diagnostics;

namespace OrderSystem.LocalServers;

/// <summary>Starts processes that end with this one, even if it is killed.</summary>
public static class ProcessGuardian
{
    /// <summary>
    /// The shell leaves a watcher behind and becomes the program, which keeps the shell's process id. The watcher reads from a pipe of this
    /// process. At its end it kills its parent if that is still the program, because the id of a program that ended may be reused.
    /// (A parent-death signal would already fire at the end of the thread that started the program.)
    /// </summary>
    private const string Watch = """
        exec 3<&0 </dev/null
        {
            read -r _
            while read -r name value; do [ "$name" = PPid: ] && parent=$value; done </proc/self/status
            if [ "$parent" = $$ ]; then kill -KILL $$; [ -z "$0" ] || rm -rf "$0"; fi
        } <&3 3<&- >/dev/null 2>&1 &
        exec "$@" 3<&-
        """;

    /// <summary>Starts a program whose standard input is empty.</summary>
    /// <param name="start">The program; its output may be redirected.</param>
    /// <param name="folder">A folder that is removed when the watcher kills the program.</param>
    public static Process Start(ProcessStartInfo start, string? folder = null)
    {
        string[] command = [start.FileName, .. start.ArgumentList];
        start.FileName = "sh";
        start.ArgumentList.Clear();
        foreach (var argument in new[] { "-c", Watch, folder ?? "" }.Concat(command))
            start.ArgumentList.Add(argument);
        start.RedirectStandardInput = true;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Start();
        var pipe = process.StandardInput;
        process.Exited += (_, _) => pipe.Dispose();
        return process;
    }
}
