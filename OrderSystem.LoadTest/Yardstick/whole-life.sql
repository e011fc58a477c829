-- The least that PostgreSQL has to do for one paid order when nothing is batched: five commits, no messages, no HTTP, no provider.
WITH o AS (
    INSERT INTO orders (id, customer_id, currency, total, items, status, idempotency_key)
    VALUES (gen_random_uuid(), 'c-17', 'EUR', 67.45, '[{"sku":"SKU-1","quantity":2,"unitPrice":19.99},{"sku":"SKU-2","quantity":1,"unitPrice":5.00},{"sku":"SKU-3","quantity":3,"unitPrice":7.49}]', 'pending', gen_random_uuid()::text)
    RETURNING id),
b AS (
    INSERT INTO outbox (msg_id, subject, payload, traceparent)
    SELECT gen_random_uuid()::text, 'orders.created', convert_to(repeat('x', 400), 'UTF8'), '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' FROM o
    RETURNING id)
SELECT o.id AS u, b.id AS o1 FROM o, b
\gset
INSERT INTO payments (order_id, amount, currency, status) VALUES (:u, 67.45, 'EUR', 'pending')
    ON CONFLICT (order_id) DO UPDATE SET updated_at = now() RETURNING status;
WITH p AS (
    UPDATE payments SET status = 'succeeded', gateway_id = 'ch_1', updated_at = now() WHERE order_id = :u AND status = 'pending' RETURNING order_id)
INSERT INTO outbox (msg_id, subject, payload, traceparent)
    SELECT gen_random_uuid()::text, 'payments.succeeded', convert_to(repeat('x', 400), 'UTF8'), '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' FROM p
    RETURNING id AS o2
\gset
DELETE FROM outbox WHERE id IN (:o1, :o2);
UPDATE orders SET status = 'paid', updated_at = now() WHERE id = :u AND status = 'pending';
