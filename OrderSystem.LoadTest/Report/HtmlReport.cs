using System.Net;
using System.Text;

namespace OrderSystem.LoadTest.Report;

/// <summary>The run as one page that needs nothing else: the tables as they were printed, and charts of each phase.</summary>
internal static class HtmlReport
{
    private const string Style = """
        body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1180px; padding: 0 1rem; color: #1e293b }
        pre { background: #f8fafc; border: 1px solid #e2e8f0; padding: .8rem 1rem; overflow-x: auto; font-size: 13px }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 1rem }
        figure { margin: 0; border: 1px solid #e2e8f0; padding: .6rem .8rem } figcaption { font-weight: 600 }
        svg { width: 100%; height: auto } svg text { font-size: 11px; fill: #64748b } .grid { stroke: #e2e8f0 } polyline { fill: none; stroke-width: 1.8 }
        figure p { margin: .2rem 0 0; font-size: 13px } figure span { margin-right: 1rem } figure b { display: inline-block; width: .9em; height: .3em; margin-right: .4em; vertical-align: middle }
        dt { float: left; clear: left; min-width: 12em; color: #64748b } dd { margin-left: 12em }
        """;

    internal static string Write(RunReport run)
    {
        var page = new StringBuilder();
        page.Append($"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Load test {run.StartedAt:yyyy-MM-dd HH:mm}</title><style>{Style}</style></head><body>");
        page.Append($"<h1>Load test of {run.StartedAt:yyyy-MM-dd HH:mm} UTC</h1><dl>");
        foreach (var (name, value) in Facts(run))
            page.Append($"<dt>{WebUtility.HtmlEncode(name)}</dt><dd>{WebUtility.HtmlEncode(value)}</dd>");
        page.Append($"</dl><pre>{WebUtility.HtmlEncode(TextReport.Write(run).Trim())}</pre>");
        foreach (var phase in run.Phases)
            page.Append($"<h2>{WebUtility.HtmlEncode($"{phase.Name}: {phase.Title}")}</h2><div class='charts'>").AppendJoin("", PhaseCharts.Draw(phase)).Append("</div>");
        return page.Append("</body></html>").ToString();
    }

    private static IEnumerable<(string Name, string Value)> Facts(RunReport run) =>
    [
        ("version", run.Version),
        ("machine", $"{run.Machine.Cores} × {run.Machine.Processor}, {run.Machine.MemoryGigabytes} GB, {run.Machine.System}, {run.Machine.Runtime}, {run.Machine.Configuration}"),
        .. run.Yardstick is { } yardstick ? [("PostgreSQL", yardstick.Server)] : Array.Empty<(string, string)>(),
        .. run.Settings.Select(setting => (setting.Key, setting.Value)),
    ];
}
