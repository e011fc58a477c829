using Npgsql;
using NpgsqlTypes;
using OrderSystem.Messaging.Persistence;

namespace OrderSystem.Messaging.Outbox;

/// <summary>Takes what the server acknowledged out of the queue. Never before: an event is in its stream or in this table.</summary>
internal sealed class DeletePublished() : GroupWrite<StoredEvent, bool>(
    "delete-published",
    """
    DELETE FROM outbox o USING unnest($1::uuid[], $2::int[]) AS published (order_id, version)
    WHERE o.order_id = published.order_id AND o.version = published.version AND o.order_id = ANY ($1)
    """)
{
    internal static readonly DeletePublished Instance = new();

    protected internal override bool Answers => false;

    protected internal override Guid KeyOf(StoredEvent row) => Guid.Empty;

    protected internal override void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<StoredEvent> rows)
    {
        parameters.AddArray(NpgsqlDbType.Uuid, rows, row => row.OrderId);
        parameters.AddArray(NpgsqlDbType.Integer, rows, row => row.Version);
    }

    protected internal override bool Read(NpgsqlDataReader reader, StoredEvent row) => true;
}
