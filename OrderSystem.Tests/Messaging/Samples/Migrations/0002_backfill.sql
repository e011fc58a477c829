-- online
DO $$
DECLARE
    batch int[];
    done  int := 0;
BEGIN
    LOOP
        SELECT array_agg(id ORDER BY id) INTO batch FROM (SELECT id FROM samples WHERE id > done ORDER BY id LIMIT 1000) AS next;
        EXIT WHEN batch IS NULL;
        UPDATE samples SET words = length(name) / 2 WHERE id = ANY (batch) AND words IS NULL;
        COMMIT;
        done := batch[cardinality(batch)];
    END LOOP;
END $$;
