-- The client that placed an order, and may see it. Null, as before there were clients and as the release before goes on writing: operators alone.
ALTER TABLE orders ADD COLUMN client_id text;
CREATE INDEX orders_by_client ON orders (client_id, id);
