-- Failures are counted in lanes: strangers share one, whom an address knows has
-- one of its own. What was counted before was counted for everybody.

-- +goose Up

ALTER TABLE failures RENAME TO failures_before;
DROP INDEX failures_by_time;

CREATE TABLE failures (
    address BLOB    NOT NULL, -- a keyed digest
    lane    BLOB    NOT NULL, -- the proof that the caller is known by; empty for strangers
    count   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (address, lane)
) STRICT, WITHOUT ROWID;

CREATE INDEX failures_by_time ON failures (last_at);
CREATE INDEX failures_by_count ON failures (count, last_at);

INSERT INTO failures (address, lane, count, last_at)
SELECT address, x'', count, last_at
FROM failures_before;

DROP TABLE failures_before;

CREATE TABLE known (
    address BLOB    NOT NULL, -- keyed digests, both; the address is in the proof, too
    proof   BLOB    NOT NULL,
    seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (address, proof)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_by_end ON known (ends_at);

CREATE TABLE tallies (
    subject  BLOB    NOT NULL PRIMARY KEY, -- a keyed digest
    count    INTEGER NOT NULL,
    began_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tallies_by_time ON tallies (began_at);
CREATE INDEX tallies_by_count ON tallies (count, began_at);
