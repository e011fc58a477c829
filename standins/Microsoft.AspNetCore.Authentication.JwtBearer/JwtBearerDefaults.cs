namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>Default values of bearer authentication.</summary>
public static class JwtBearerDefaults
{
    /// <summary>The name of the scheme.</summary>
    public const string AuthenticationScheme = "Bearer";
}
