using System.Reflection;
using System.Runtime.InteropServices;

namespace OrderSystem.LoadTest.Report;

/// <summary>Where a run took place: figures of different machines are not to be compared.</summary>
internal static class Machine
{
    internal static string Version { get; } = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    internal static string Configuration { get; } = typeof(Machine).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    internal static MachineReport Describe() => new(
        Processor(), Environment.ProcessorCount, Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1),
        RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription, Configuration);

    private static string Processor()
    {
        var line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
