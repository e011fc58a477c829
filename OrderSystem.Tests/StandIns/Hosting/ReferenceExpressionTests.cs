using Aspire.Hosting.ApplicationModel;
using Xunit;

namespace OrderSystem.Tests.StandIns.Hosting;

public sealed class ReferenceExpressionTests
{
    private static readonly ParameterResource Word = new("word", _ => "a b");

    [Fact]
    public async Task Values_stand_where_they_were_written_and_are_encoded_where_asked()
    {
        var expression = ReferenceExpression.Create($"{{x}} {Word} {Word:uri} {"y&z"}");

        Assert.Equal("{x} a b a%20b y&z", await expression.GetValueAsync(CancellationToken.None));
        Assert.Equal("{x} {word.value} {word.value} y&z", expression.ValueExpression);
        Assert.Equal([null, "uri"], expression.StringFormats);
    }

    [Fact]
    public async Task An_expression_within_another_keeps_its_values()
    {
        var inner = ReferenceExpression.Create($"<{{{Word:uri}}}>");
        var outer = ReferenceExpression.Create($"{Word}{inner}{inner}");

        Assert.Equal("a b<{a%20b}><{a%20b}>", await outer.GetValueAsync(CancellationToken.None));
        Assert.Equal("{word.value}<{{word.value}}><{{word.value}}>", outer.ValueExpression);
        Assert.Equal(3, outer.ValueProviders.Count);
    }

    [Fact]
    public async Task A_builder_puts_one_together_piece_by_piece()
    {
        var builder = new ReferenceExpressionBuilder();
        Assert.True(builder.IsEmpty);
        builder.AppendLiteral("{a}");
        builder.AppendFormatted(Word, "uri");
        builder.Append($"-{Word}-");

        Assert.Equal("{a}a%20b-a b-", await builder.Build().GetValueAsync(CancellationToken.None));
    }
}
