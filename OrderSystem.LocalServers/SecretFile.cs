namespace OrderSystem.LocalServers;

/// <summary>A file that only its owner can read.</summary>
public static class SecretFile
{
    public static async Task WriteAsync(string file, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new StreamWriter(file, options);
        await stream.WriteAsync(text);
    }
}
