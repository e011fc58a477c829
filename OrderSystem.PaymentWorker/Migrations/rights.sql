GRANT SELECT, INSERT, UPDATE ON payments, refunds TO {role};
GRANT SELECT, INSERT ON operator_actions TO {role};
GRANT SELECT, INSERT, UPDATE (attempts, due_at, state, detail, contradicts, order_id), DELETE ON webhook_events TO {role};
GRANT SELECT, INSERT ON reconciliations, reconciliation_findings TO {role};
