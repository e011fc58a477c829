GRANT SELECT, INSERT, UPDATE ON payments TO {role};
GRANT SELECT, INSERT ON operator_actions TO {role};
GRANT SELECT, INSERT, UPDATE (attempts, due_at, state, detail, contradicts), DELETE ON webhook_events TO {role};
GRANT SELECT, INSERT ON reconciliations, reconciliation_findings TO {role};
