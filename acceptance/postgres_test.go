package acceptance

import (
	"bytes"
	"context"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"matricula/internal/store/postgres/pgtest"
)

// onPostgres puts the installation's database into PostgreSQL, a server that syncs as
// a true one does, where the variable TEST_DATABASE says postgres. Stories that look
// into the SQLite file itself can't be told there.
func (in *installation) onPostgres(t *testing.T) {
	t.Helper()
	if os.Getenv("TEST_DATABASE") == "postgres" {
		in.usePostgres(t)
	}
}

// usePostgres does so whatever the variable says.
func (in *installation) usePostgres(t *testing.T) {
	t.Helper()
	server, err := postgresServer()
	pgtest.OrSkip(t, err)
	database, err := server.Make(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if in.env != nil { // the story has told its servers of it
			in.checkTables(t, server.URL(database))
		}
		if err := server.Drop(context.Background(), database); err != nil {
			t.Error(err)
		}
	})
	secret := "the secret of " + t.Name() + ", which is long enough"
	in.secrets.Add(secret)
	in.secrets.Add(server.Password())
	in.env = append(in.env, "MATRICULA_DATABASE="+server.PortURL(database), "MATRICULA_DATABASE_POOL=8", "MATRICULA_SECRET="+secret)
}

// postgresServer is the server of this process. It ends with it.
var postgresServer = sync.OnceValues(func() (*pgtest.Server, error) {
	return pgtest.Start(context.Background(), pgtest.Config{Durable: true, Settings: []string{"max_connections=300"}})
})

// checkTables searches all that stands in the database for the secrets that were
// used.
func (in *installation) checkTables(t *testing.T, url string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
	if err != nil {
		t.Error(err)
		return
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) == 0 {
		t.Errorf("got %d tables and %v, want those of the program", len(tables), err)
	}
	for _, table := range tables {
		var octets bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &octets, "COPY "+table+" TO STDOUT (FORMAT binary)"); err != nil {
			t.Error(err)
		}
		for _, secret := range in.secrets.In(octets.Bytes()) {
			t.Errorf("the table %s holds the secret %s", table, secret)
		}
	}
}
