-- Failures are counted in lanes: strangers share one, whom an address knows has
-- one of its own. What was counted before was counted for everybody.

-- +goose Up

ALTER TABLE failures RENAME TO failures_before;
ALTER INDEX failures_pkey RENAME TO failures_before_pkey;
DROP INDEX failures_by_time;

CREATE TABLE failures (
    address BYTEA  NOT NULL, -- a keyed digest
    lane    BYTEA  NOT NULL, -- the proof that the caller is known by; empty for strangers
    count   BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (address, lane)
);

CREATE INDEX failures_by_time ON failures (last_at);
CREATE INDEX failures_by_count ON failures (count, last_at);

INSERT INTO failures (address, lane, count, last_at)
SELECT address, '', count, last_at
FROM failures_before;

DROP TABLE failures_before;

CREATE TABLE known (
    address BYTEA  NOT NULL, -- keyed digests, both; the address is in the proof, too
    proof   BYTEA  NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (address, proof)
);

CREATE INDEX known_by_end ON known (ends_at);

CREATE TABLE tallies (
    subject  BYTEA  NOT NULL PRIMARY KEY, -- a keyed digest
    count    BIGINT NOT NULL,
    began_at BIGINT NOT NULL
);

CREATE INDEX tallies_by_time ON tallies (began_at);
CREATE INDEX tallies_by_count ON tallies (count, began_at);
