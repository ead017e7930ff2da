-- The schema as it stands after all migrations. A test writes it (go test -update).

CREATE TABLE accounts (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    email             TEXT    NOT NULL, -- as it was typed
    email_key         TEXT    NOT NULL UNIQUE, -- canonical
    name              TEXT    NOT NULL,
    password_hash     TEXT,
    password_class    TEXT,
    confirmed_at      INTEGER,
    disabled_at       INTEGER,
    created_at        INTEGER NOT NULL,
    profile_pic_url   TEXT    NOT NULL,
    github_url        TEXT    NOT NULL,
    linkedin_url      TEXT    NOT NULL,
    personal_site_url TEXT    NOT NULL,
    self_intro        TEXT    NOT NULL,
    CHECK ((password_hash IS NULL) = (password_class IS NULL))
) STRICT;

CREATE INDEX accounts_by_class ON accounts (password_class) WHERE password_class IS NOT NULL;

CREATE TABLE administrators (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    start_at   INTEGER NOT NULL,
    end_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX administrators_by_account ON administrators (account_id, end_at);

CREATE TABLE advisers (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    year       INTEGER NOT NULL REFERENCES cohorts,
    nusnet_id  TEXT,
    matric_no  TEXT,
    UNIQUE (account_id, year)
) STRICT;

CREATE TABLE club_tags (
    club_id  INTEGER NOT NULL REFERENCES clubs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    tag_id   INTEGER NOT NULL REFERENCES tags,
    PRIMARY KEY (club_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX club_tags_by_tag ON club_tags (tag_id);

CREATE TABLE clubs (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id           INTEGER NOT NULL UNIQUE REFERENCES accounts ON DELETE CASCADE,
    name                 TEXT    NOT NULL,
    link_name            TEXT    NOT NULL UNIQUE,
    app_required         INTEGER NOT NULL,
    new_members          INTEGER NOT NULL,
    size_id              INTEGER NOT NULL REFERENCES sizes,
    about_us             TEXT    NOT NULL,
    get_involved         TEXT    NOT NULL,
    apply_link           TEXT    NOT NULL,
    apply_deadline_start INTEGER,
    apply_deadline_end   INTEGER,
    recruiting_start     INTEGER,
    recruiting_end       INTEGER,
    social               TEXT    NOT NULL, -- a JSON object
    logo                 TEXT    NOT NULL,
    banner               TEXT    NOT NULL,
    resources            TEXT    NOT NULL, -- a JSON array, as are the next four
    events               TEXT    NOT NULL,
    recruiting_events    TEXT    NOT NULL,
    gallery_media        TEXT    NOT NULL,
    faq                  TEXT    NOT NULL,
    reactivated          INTEGER NOT NULL,
    last_updated         INTEGER NOT NULL
) STRICT;

CREATE INDEX clubs_by_size ON clubs (size_id);

CREATE TABLE cohorts (
    year     INTEGER PRIMARY KEY,
    start_at INTEGER NOT NULL,
    end_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    account_id INTEGER, -- outlives the account, so it refers to none
    actor      TEXT    NOT NULL,
    client     TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    detail     TEXT    NOT NULL
) STRICT;

CREATE INDEX events_by_account ON events (account_id, id) WHERE account_id IS NOT NULL;

CREATE INDEX events_of_nobody ON events (at) WHERE account_id IS NULL AND actor = '';

CREATE TABLE failures (
    address BLOB    NOT NULL, -- a keyed digest
    lane    BLOB    NOT NULL, -- the proof that the caller is known by; empty for strangers
    count   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (address, lane)
) STRICT, WITHOUT ROWID;

CREATE INDEX failures_by_count ON failures (count, last_at);

CREATE INDEX failures_by_time ON failures (last_at);

CREATE TABLE known (
    address BLOB    NOT NULL, -- keyed digests, both; the address is in the proof, too
    proof   BLOB    NOT NULL,
    seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (address, proof)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_by_end ON known (ends_at);

CREATE TABLE lookups (
    network BLOB    NOT NULL, -- a keyed digest, as is the address
    address BLOB    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (network, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX lookups_by_network ON lookups (network, at);

CREATE INDEX lookups_by_time ON lookups (at);

CREATE TABLE mail_tokens (
    id         BLOB    NOT NULL PRIMARY KEY,
    account_id INTEGER REFERENCES accounts ON DELETE CASCADE, -- NULL for a decoy
    kind       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX mail_tokens_by_account ON mail_tokens (account_id);

CREATE INDEX mail_tokens_by_end ON mail_tokens (expires_at);

CREATE TABLE mentors (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    year       INTEGER NOT NULL REFERENCES cohorts,
    UNIQUE (account_id, year)
) STRICT;

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id   INTEGER REFERENCES accounts ON DELETE CASCADE, -- NULL for a decoy
    template     TEXT    NOT NULL,
    recipient    TEXT    NOT NULL,
    token_id     BLOB, -- a row of mail_tokens that may have ended meanwhile
    data         TEXT    NOT NULL, -- JSON
    created_at   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    last_error   TEXT    NOT NULL,
    dead_at      INTEGER,
    lease        BLOB,
    leased_until INTEGER
) STRICT;

CREATE INDEX outbox_by_account ON outbox (account_id);

CREATE INDEX outbox_by_due ON outbox (due_at, id) WHERE dead_at IS NULL;

CREATE INDEX outbox_by_end ON outbox (dead_at) WHERE dead_at IS NOT NULL;

CREATE TABLE projects (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    year       INTEGER NOT NULL REFERENCES cohorts,
    name       TEXT    NOT NULL,
    adviser_id INTEGER REFERENCES advisers ON DELETE SET NULL,
    mentor_id  INTEGER REFERENCES mentors ON DELETE SET NULL
) STRICT;

CREATE INDEX projects_by_adviser ON projects (adviser_id);

CREATE INDEX projects_by_mentor ON projects (mentor_id);

CREATE INDEX projects_by_year ON projects (year);

CREATE TABLE revoked_access (
    id         BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_access_by_end ON revoked_access (expires_at);

CREATE TABLE roster (
    email_key TEXT    NOT NULL PRIMARY KEY,
    email     TEXT    NOT NULL,
    added_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    contract         TEXT    NOT NULL CHECK (contract IN ('clubs', 'cohorts')),
    id               BLOB    NOT NULL, -- clubs: 16 octets; cohorts: the digest of the cookie's secret
    account_id       INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    client           TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    keep_until       INTEGER NOT NULL,
    refresh_ended_at INTEGER,
    PRIMARY KEY (contract, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE INDEX sessions_by_end ON sessions (keep_until);

CREATE TABLE signing_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sizes (
    id    INTEGER PRIMARY KEY,
    value TEXT    NOT NULL
) STRICT;

CREATE TABLE students (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    year       INTEGER NOT NULL REFERENCES cohorts,
    project_id INTEGER REFERENCES projects ON DELETE SET NULL,
    nusnet_id  TEXT,
    matric_no  TEXT,
    UNIQUE (account_id, year),
    UNIQUE (year, nusnet_id),
    UNIQUE (year, matric_no)
) STRICT;

CREATE INDEX students_by_project ON students (project_id);

CREATE TABLE tags (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL
) STRICT;

CREATE TABLE tallies (
    subject  BLOB    NOT NULL PRIMARY KEY, -- a keyed digest
    count    INTEGER NOT NULL,
    began_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tallies_by_count ON tallies (count, began_at);

CREATE INDEX tallies_by_time ON tallies (began_at);
