using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Dashboard;

/// <summary>A program that is the dashboard, with its arguments.</summary>
internal sealed record DashboardCommand(string Path, IReadOnlyList<string> Arguments);

/// <summary>Finds the dashboard.</summary>
internal static class DashboardLocator
{
    /// <summary>Configured, or fetched into <c>.tools/dashboard</c> of this directory or of one above it; see fetch-dashboard.sh.</summary>
    public static DashboardCommand? Find(IConfiguration configuration, string directory)
    {
        var path = NotEmpty(configuration["DcpPublisher:DashboardPath"]) ?? NotEmpty(configuration["ASPIRE_DASHBOARD_PATH"]) ?? Fetched(directory);
        if (path is null || !File.Exists(path))
            return null;
        var isManaged = string.Equals(Path.GetFileNameWithoutExtension(path), "aspire-managed", StringComparison.OrdinalIgnoreCase);
        return new DashboardCommand(path, isManaged ? ["dashboard"] : []);
    }

    private static string? NotEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;

    private static string? Fetched(string directory)
    {
        for (var at = directory; at is not null; at = Path.GetDirectoryName(at))
        {
            var path = Path.Combine(at, ".tools", "dashboard", "bundle", "aspire-managed");
            if (File.Exists(path))
                return path;
        }

        return null;
    }
}
