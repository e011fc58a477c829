using System.Runtime.InteropServices;

namespace Aspire.Hosting.Running;

/// <summary>Sends signals to the processes of a session.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>To every process of the group that the process leads; to the process alone when it leads none yet.</summary>
    public static void Send(int processId, int signal)
    {
        if (NativeKill(-processId, signal) != 0)
            _ = NativeKill(processId, signal);
    }

    /// <summary>To what is left of the group of a process that has ended.</summary>
    public static void SendToGroup(int processId, int signal) => _ = NativeKill(-processId, signal);

    public static bool IsAlive(int processId) => NativeKill(processId, 0) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NativeKill(int processId, int signal);
}
