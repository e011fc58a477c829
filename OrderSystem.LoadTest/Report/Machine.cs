using System.Reflection;
using System.Runtime.InteropServices;

namespace OrderSystem.LoadTest.Report;

/// <summary>The machine and build of a run, because figures of different machines are not comparable.</summary>
internal static class Machine
{
    internal static string Version { get; } =
        typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    internal static string Configuration { get; } =
        typeof(Machine).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    internal static MachineReport Describe() => new(
        Processor(), Environment.ProcessorCount, Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1),
        RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription, Configuration);

    private static string Processor()
    {
        const string Source = "/proc/cpuinfo";
        var lines = File.Exists(Source) ? File.ReadLines(Source) : [];
        var line = lines.FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
