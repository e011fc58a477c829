using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a parameter is when no value is configured.</summary>
public abstract class ParameterDefault
{
    /// <summary>The value.</summary>
    public abstract string GetDefaultValue();

    /// <summary>Writes it into a manifest.</summary>
    public abstract void WriteToManifest(Publishing.ManifestPublishingContext context);
}

/// <summary>A random value.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    // Without characters that are easily mistaken for others, and only such special ones as are safe in connection strings and shells.
    private const string LowerCharacters = "abcdefghjkmnpqrstuvwxyz";
    private const string UpperCharacters = "ABCDEFGHJKMNPQRSTUVWXYZ";
    private const string NumericCharacters = "0123456789";
    private const string SpecialCharacters = "-_.{}~()*+!";

    /// <summary>The length.</summary>
    public int MinLength { get; set; }

    /// <summary>Whether it may have lower case letters.</summary>
    public bool Lower { get; set; } = true;

    /// <summary>Whether it may have upper case letters.</summary>
    public bool Upper { get; set; } = true;

    /// <summary>Whether it may have digits.</summary>
    public bool Numeric { get; set; } = true;

    /// <summary>Whether it may have special characters.</summary>
    public bool Special { get; set; } = true;

    /// <summary>How many lower case letters at least.</summary>
    public int MinLower { get; set; }

    /// <summary>How many upper case letters at least.</summary>
    public int MinUpper { get; set; }

    /// <summary>How many digits at least.</summary>
    public int MinNumeric { get; set; }

    /// <summary>How many special characters at least.</summary>
    public int MinSpecial { get; set; }

    /// <inheritdoc />
    public override string GetDefaultValue()
    {
        (string Characters, bool Allowed, int Min)[] classes =
            [(LowerCharacters, Lower, MinLower), (UpperCharacters, Upper, MinUpper), (NumericCharacters, Numeric, MinNumeric), (SpecialCharacters, Special, MinSpecial)];
        var all = string.Concat(classes.Where(c => c.Allowed).Select(c => c.Characters));
        if (all.Length == 0)
            throw new InvalidOperationException("At least one kind of characters must be allowed.");

        var value = classes.Where(c => c.Allowed).SelectMany(c => Pick(c.Characters, c.Min)).ToList();
        value.AddRange(Pick(all, Math.Max(0, MinLength - value.Count)));
        var characters = value.ToArray();
        RandomNumberGenerator.Shuffle<char>(characters);
        return new string(characters);
    }

    /// <inheritdoc />
    public override void WriteToManifest(Publishing.ManifestPublishingContext context)
    {
        var writer = context.Writer;
        writer.WriteStartObject("generate");
        writer.WriteNumber("minLength", MinLength);
        WriteFalse("lower", Lower);
        WriteFalse("upper", Upper);
        WriteFalse("numeric", Numeric);
        WriteFalse("special", Special);
        WriteNumber("minLower", MinLower);
        WriteNumber("minUpper", MinUpper);
        WriteNumber("minNumeric", MinNumeric);
        WriteNumber("minSpecial", MinSpecial);
        writer.WriteEndObject();

        void WriteFalse(string name, bool value)
        {
            if (!value)
                writer.WriteBoolean(name, value: false);
        }

        void WriteNumber(string name, int value)
        {
            if (value != 0)
                writer.WriteNumber(name, value);
        }
    }

    private static char[] Pick(string characters, int count) => RandomNumberGenerator.GetItems<char>(characters, count);
}

internal sealed class ConstantParameterDefault(Func<string> value) : ParameterDefault
{
    public override string GetDefaultValue() => value();

    public override void WriteToManifest(Publishing.ManifestPublishingContext context) => context.Writer.WriteString("value", GetDefaultValue());
}
