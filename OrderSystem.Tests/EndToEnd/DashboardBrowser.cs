using Microsoft.Playwright;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.EndToEnd;

/// <summary>A headless Chromium for the dashboard. Its screenshots are stored in artifacts/screenshots.</summary>
internal sealed class DashboardBrowser : IAsyncDisposable
{
    private const float Timeout = 60_000;
    private static readonly string Pictures = Path.Combine(Solution.Root, "artifacts", "screenshots");
    private readonly IPlaywright driver;
    private readonly IBrowser browser;

    private DashboardBrowser(IPlaywright driver, IBrowser browser, IPage page) =>
        (this.driver, this.browser, Page) = (driver, browser, page);

    internal IPage Page { get; }

    internal static async Task<DashboardBrowser> StartAsync()
    {
        Directory.CreateDirectory(Pictures);
        var driver = await Playwright.CreateAsync();

        // The tests may run as root, for whom Chromium has no sandbox, and the pages are our own.
        var browser = await driver.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Find(), Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
        var page = await browser.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 720 } });
        page.SetDefaultTimeout(Timeout);
        return new DashboardBrowser(driver, browser, page);
    }

    internal Task SaveScreenshotAsync(string name) =>
        Page.ScreenshotAsync(
            new PageScreenshotOptions { Path = Path.Combine(Pictures, $"{name}.png"), Animations = ScreenshotAnimations.Disabled });

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        driver.Dispose();
    }

    private static string Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Append(Path.Combine(Solution.Root, ".tools", "chromium"));
        return folders
            .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("chromium was not found. Run ./test.sh, which fetches it.");
    }
}
