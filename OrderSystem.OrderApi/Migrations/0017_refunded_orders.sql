-- Orders that are shown as refunded: their row stays paid. Apart from the columns, whose lock would last as long as this reads the orders.
CREATE INDEX orders_refunded ON orders (id) WHERE status = 'paid' AND refunded_total >= total;
