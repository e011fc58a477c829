CREATE TABLE samples (
    id    int  NOT NULL PRIMARY KEY,
    name  text NOT NULL,
    words int
);
INSERT INTO samples (id, name) SELECT i, repeat('x ', i % 50) FROM generate_series(1, 10000) AS i;
