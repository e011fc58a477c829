using System.Globalization;

namespace OrderSystem.Messaging.JetStream;

/// <summary>In what a stream or consumer on the server differs from its declaration.</summary>
internal sealed class TopologyDifferences(string subject)
{
    private readonly List<string> applied = [];
    private readonly List<string> refused = [];

    internal bool Any => applied.Count > 0;

    internal void Refuse<T>(string field, T actual, T wanted) => RefuseIf(!EqualityComparer<T>.Default.Equals(actual, wanted), field, actual, wanted);

    internal void RefuseIf<T>(bool differs, string field, T actual, T wanted)
    {
        if (differs)
            refused.Add(Describe(field, actual, wanted));
    }

    internal void Apply<T>(string field, T actual, T wanted, Action apply)
    {
        if (EqualityComparer<T>.Default.Equals(actual, wanted))
            return;
        applied.Add(Describe(field, actual, wanted));
        apply();
    }

    internal TopologyDifferences ThrowIfRefused() => refused.Count == 0 ? this : throw new TopologyMismatchException(
        $"{subject} on the server differs in {string.Join("; ", refused)}. This cannot be changed without losing messages: change the declaration or remake it by hand.");

    public override string ToString() => $"{subject}: {string.Join("; ", applied)}";

    private static string Describe<T>(string field, T actual, T wanted) => string.Create(CultureInfo.InvariantCulture, $"{field} ({actual}, wanted {wanted})");
}

/// <summary>The server's topology differs from the declared one in a way that must not be changed by a service.</summary>
public sealed class TopologyMismatchException(string message) : Exception(message);
