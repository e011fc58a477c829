using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;
using OrderSystem.Tests.Support;

namespace OrderSystem.Tests.Conventions;

/// <summary>
/// Which namespaces of a project use which others of it, from the compiled code and from the using directives: the compiler leaves no trace
/// of a constant that it has inlined, and none of the namespace of a parent is named in a directive.
/// </summary>
internal static partial class TypeDependencies
{
    /// <summary>A use of one namespace by another.</summary>
    /// <param name="From">The namespace that uses.</param>
    /// <param name="To">The namespace that is used.</param>
    /// <param name="Where">The type or the file in which it does.</param>
    internal sealed record Use(string From, string To, string Where);

    /// <summary>
    /// All uses between different namespaces of the project, and all namespaces that it has.
    /// Both are relative to the project's root namespace.
    /// </summary>
    internal static (IReadOnlyList<string> Namespaces, IReadOnlyList<Use> Uses) Of(string project)
    {
        using var module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, $"{project}.dll"));
        var types = module.Types.Where(type => IsOf(project, type.Namespace) || type.FullName == "Program").ToArray();
        var compiled = types.SelectMany(
            type => Used(type).Select(Outermost).Where(used => IsOf(project, used.Namespace) && used.Scope == (IMetadataScope)module)
            .Select(used => new Use(Relative(project, type.Namespace), Relative(project, used.Namespace), type.Name)));
        var namespaces = types.Select(type => Relative(project, type.Namespace)).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal).ToArray();
        return (namespaces, [.. compiled.Concat(Written(project)).Where(use => use.From != use.To).Distinct()]);
    }

    private static IEnumerable<Use> Written(string project) =>
        from file in Directory.EnumerateFiles(Path.Combine(Solution.Root, project), "*.cs", SearchOption.AllDirectories)
        where !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)
        let text = File.ReadAllText(file)
        let own = Namespace().Match(text).Groups["name"].Value
        where IsOf(project, own)
        from Match directive in Directive().Matches(text)
        let used = directive.Groups["name"].Value
        where IsOf(project, used)
        select new Use(Relative(project, own), Relative(project, used), Path.GetFileName(file));

    private static bool IsOf(string project, string name) => name == project || name.StartsWith($"{project}.", StringComparison.Ordinal);

    private static string Relative(string project, string name) => name.Length <= project.Length ? "" : name[(project.Length + 1)..];

    /// <summary>The type that a nested type is declared in.</summary>
    internal static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type;
    }

    /// <summary>The types that a type uses, nested ones included.</summary>
    internal static IEnumerable<TypeReference> Used(TypeDefinition type) =>
        Signature(type).Concat(type.Methods.Where(method => method.HasBody).SelectMany(method => Body(method.Body)))
            .Concat(type.NestedTypes.SelectMany(Used)).SelectMany(Parts);

    private static IEnumerable<TypeReference> Signature(TypeDefinition type) =>
    [
        .. type.BaseType is { } parent ? [parent] : Array.Empty<TypeReference>(),
        .. type.Interfaces.Select(implemented => implemented.InterfaceType),
        .. type.CustomAttributes.Select(attribute => attribute.AttributeType),
        .. type.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType),
        .. type.Fields.Select(field => field.FieldType),
        .. type.Properties.Select(property => property.PropertyType),
        .. type.Methods.SelectMany(method => method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType)),
    ];

    private static IEnumerable<TypeReference> Body(MethodBody body) =>
        body.Variables.Select(variable => variable.VariableType)
            .Concat(body.Instructions.SelectMany(instruction => instruction.Operand switch
            {
                TypeReference used => [used],
                GenericInstanceMethod used => [.. used.GenericArguments, used.DeclaringType],
                MemberReference used => [used.DeclaringType],
                _ => Array.Empty<TypeReference>(),
            }));

    /// <summary>The type itself and its arguments: a list of orders uses orders.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        null => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification wrapped => Parts(wrapped.ElementType),
        _ => [type],
    };

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Namespace();

    [GeneratedRegex(
        @"^using (?<name>OrderSystem[\w.]*);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Directive();
}
