GRANT SELECT, INSERT, UPDATE ON payments TO {role};
GRANT SELECT, INSERT ON operator_actions TO {role};
