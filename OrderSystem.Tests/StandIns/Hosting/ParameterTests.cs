using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class ParameterTests
{
    [Fact]
    public async Task A_parameter_has_the_value_of_the_configuration_before_its_own()
    {
        await using var builder = SampleWeb.NewBuilder("--Parameters:colour", "green", "--Paint:Gloss", "matt");

        Assert.Equal("green", await ValueAsync(builder.AddParameter("colour")));
        Assert.Equal("large", await ValueAsync(builder.AddParameter("size", "large")));
        Assert.Equal("now", await ValueAsync(builder.AddParameter("time", () => "now")));
        Assert.Equal("matt", await ValueAsync(builder.AddParameterFromConfiguration("gloss", "Paint:Gloss")));
    }

    [Fact]
    public async Task A_missing_value_is_an_error_that_names_the_setting()
    {
        await using var builder = SampleWeb.NewBuilder();
        var parameter = builder.AddParameter("api-key", secret: true);
        builder.AddConnectionString("warehouse");

        await Assert.ThrowsAsync<MissingParameterValueException>(() => ValueAsync(parameter));
        var app = await builder.BuildAsync();
        var failure = await Assert.ThrowsAsync<DistributedApplicationException>(() => app.StartAsync());

        Assert.Contains("Parameters__api-key", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings__warehouse", failure.Message, StringComparison.Ordinal);
        Assert.Equal(KnownResourceStates.ValueMissing, app.Snapshot("api-key").State?.Text);
    }

    [Fact]
    public async Task A_configured_connection_string_reaches_who_refers_to_it()
    {
        await using var builder = SampleWeb.NewBuilder("--ConnectionStrings:warehouse", "Host=far");
        builder.AddWeb("web").WithReference(builder.AddConnectionString("warehouse")).WithHttpHealthCheck("/health");
        await using var app = await builder.StartAsync();
        await app.IsHealthyAsync("web");

        Assert.Equal("Host=far", (await app.EnvironmentAsync("web"))["ConnectionStrings__warehouse"]);
    }

    [Fact]
    public async Task A_generated_password_is_long_stays_the_same_and_keeps_to_its_rules()
    {
        await using var builder = SampleWeb.NewBuilder();
        var parameter = ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, "secret", special: false);

        var value = await parameter.GetValueAsync(CancellationToken.None);

        Assert.Equal(22, value!.Length);
        Assert.All(value, c => Assert.True(char.IsAsciiLetterOrDigit(c)));
        Assert.Equal(value, await parameter.GetValueAsync(CancellationToken.None));
        Assert.True(parameter.Secret);

        var picky = new GenerateParameterDefault { MinLength = 10, Upper = false, MinNumeric = 4, MinSpecial = 3 }.GetDefaultValue();
        Assert.True(picky.Length == 10 && picky.Count(char.IsAsciiDigit) >= 4 && picky.Count(c => !char.IsAsciiLetterOrDigit(c)) >= 3 && !picky.Any(char.IsAsciiLetterUpper), picky);
    }

    [Fact]
    public async Task A_secret_is_marked_as_sensitive_in_the_state()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddParameter("open", "1");
        builder.AddParameter("closed", "2", secret: true);
        await using var app = await builder.StartAsync();

        Assert.False(Assert.Single(app.Snapshot("open").Properties).IsSensitive);
        Assert.True(Assert.Single(app.Snapshot("closed").Properties).IsSensitive);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1st")]
    [InlineData("two--hyphens")]
    [InlineData("ends-")]
    [InlineData("under_score")]
    public async Task A_name_that_no_platform_takes_is_refused(string name)
    {
        await using var builder = SampleWeb.NewBuilder();
        Assert.Throws<ArgumentException>(() => builder.AddParameter(name));
    }

    [Fact]
    public async Task A_name_is_taken_once()
    {
        await using var builder = SampleWeb.NewBuilder();
        builder.AddParameter("twice", "1");
        Assert.Throws<DistributedApplicationException>(() => builder.AddParameter("TWICE", "2"));
    }

    private static async Task<string?> ValueAsync(IResourceBuilder<ParameterResource> parameter) => await parameter.Resource.GetValueAsync(CancellationToken.None);
}
