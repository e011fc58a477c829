using System.Collections;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace NATS.Client.Core;

/// <summary>
/// Headers of one message; names are case-sensitive. Once published they are read-only: a change throws <see cref="InvalidOperationException"/>.
/// Make a new object for each publish.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1710", Justification = "The name is that of the package.")]
public class NatsHeaders : IDictionary<string, StringValues>
{
    private readonly Dictionary<string, StringValues> _store;
    private bool _readOnly;

    public NatsHeaders() => _store = [];

    public NatsHeaders(Dictionary<string, StringValues>? store) => _store = store ?? [];

    public NatsHeaders(int capacity) => _store = new Dictionary<string, StringValues>(capacity);

    /// <summary>What a status line of the server means.</summary>
    public enum Messages
    {
        Text,
        IdleHeartbeat,
        BadRequest,
        ConsumerDeleted,
        ConsumerIsPushBased,
        NoMessages,
        RequestTimeout,
        MessageSizeExceedsMaxBytes,
        RequestsPending,
    }

    public int Version => 1;

    /// <summary>The status code, such as 503; 0 for an ordinary message.</summary>
    public int Code { get; internal set; }

    public string MessageText { get; internal set; } = string.Empty;

    public Messages Message { get; internal set; } = Messages.Text;

    public NatsException? Error { get; internal set; }

    public int Count => _store.Count;

    public bool IsReadOnly => _readOnly;

    public ICollection<string> Keys => _store.Keys;

    public ICollection<StringValues> Values => _store.Values;

    /// <summary>The receive span of the message that came with these headers.</summary>
    internal Activity? Activity { get; set; }

    /// <value>Empty for a name that is absent, as in ASP.NET Core; setting an empty value removes the name.</value>
    public StringValues this[string key]
    {
        get => _store.TryGetValue(key, out var value) ? value : StringValues.Empty;
        set
        {
            ArgumentNullException.ThrowIfNull(key);
            ThrowIfReadOnly();
            if (value.Count == 0)
                _store.Remove(key);
            else
                _store[key] = value;
        }
    }

    StringValues IDictionary<string, StringValues>.this[string key]
    {
        get => _store[key];
        set => this[key] = value;
    }

    public void Add(KeyValuePair<string, StringValues> item) => Add(item.Key, item.Value);

    public void Add(string key, StringValues value)
    {
        ThrowIfReadOnly();
        _store.Add(key, value);
    }

    public void Clear()
    {
        ThrowIfReadOnly();
        _store.Clear();
    }

    public bool Contains(KeyValuePair<string, StringValues> item) =>
        _store.TryGetValue(item.Key, out var value) && StringValues.Equals(value, item.Value);

    public bool ContainsKey(string key) => _store.ContainsKey(key);

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex) =>
        ((ICollection<KeyValuePair<string, StringValues>>)_store).CopyTo(array, arrayIndex);

    /// <summary>How many bytes they take on the wire, with the version line and the empty last line.</summary>
    public int GetBytesLength(Encoding? encoding = null) => Protocol.HeaderWriter.Measure(this, encoding ?? Encoding.ASCII);

    public bool Remove(KeyValuePair<string, StringValues> item)
    {
        ThrowIfReadOnly();
        return Contains(item) && _store.Remove(item.Key);
    }

    public bool Remove(string key)
    {
        ThrowIfReadOnly();
        return _store.Remove(key);
    }

    public bool TryGetValue(string key, out StringValues value) => _store.TryGetValue(key, out value);

    public bool TryGetLastValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
    {
        value = _store.TryGetValue(key, out var values) && values.Count > 0 ? values[^1] : null;
        return value is not null;
    }

    public Enumerator GetEnumerator() => new(_store.GetEnumerator());

    IEnumerator<KeyValuePair<string, StringValues>> IEnumerable<KeyValuePair<string, StringValues>>.GetEnumerator() => _store.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _store.GetEnumerator();

    internal void SetReadOnly() => _readOnly = true;

    internal void Append(string key, string value) =>
        _store[key] = _store.TryGetValue(key, out var existing) ? StringValues.Concat(existing, value) : value;

    /// <summary>Trace context belongs to the publish under way, so it may also be set on headers that were published before.</summary>
    internal void SetTraceField(string key, string value) => _store[key] = value;

    private void ThrowIfReadOnly()
    {
        if (_readOnly)
            throw new InvalidOperationException("The response headers cannot be modified because the response has already started.");
    }

    public struct Enumerator : IEnumerator<KeyValuePair<string, StringValues>>
    {
        private Dictionary<string, StringValues>.Enumerator _inner;

        internal Enumerator(Dictionary<string, StringValues>.Enumerator inner) => _inner = inner;

        public readonly KeyValuePair<string, StringValues> Current => _inner.Current;

        readonly object IEnumerator.Current => _inner.Current;

        public bool MoveNext() => _inner.MoveNext();

        public readonly void Dispose() => _inner.Dispose();

        readonly void IEnumerator.Reset() => throw new NotSupportedException(nameof(IEnumerator.Reset));
    }
}
