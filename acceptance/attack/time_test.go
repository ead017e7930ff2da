package attack

import (
	"cmp"
	"context"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the database driver "sqlite"
)

// How well two kinds of call can be told apart by their time: acceptance/oracle
// measures that with care, in populations, idle and under load. Here a few samples
// find what is plain to see.

// auc is the chance that a sample of one takes longer than a sample of the other,
// ties counting half: a half where they can't be told apart.
func auc(one, other []time.Duration) float64 {
	type sample struct {
		took time.Duration
		one  bool
	}
	var all []sample
	for _, took := range one {
		all = append(all, sample{took, true})
	}
	for _, took := range other {
		all = append(all, sample{took, false})
	}
	slices.SortFunc(all, func(a, b sample) int { return cmp.Compare(a.took, b.took) })
	ranks := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].took == all[i].took {
			j++
		}
		for _, s := range all[i:j] {
			if s.one {
				ranks += float64(i+j+1) / 2
			}
		}
		i = j
	}
	n, m := float64(len(one)), float64(len(other))
	return (ranks - n*(n+1)/2) / (n * m)
}

// TestAreaUnderTheCurve holds auc to what can be counted by hand.
func TestAreaUnderTheCurve(t *testing.T) {
	for _, c := range []struct {
		one, other []time.Duration
		want       float64
	}{
		{[]time.Duration{1, 2, 3}, []time.Duration{4, 5}, 0},
		{[]time.Duration{4, 5}, []time.Duration{1, 2, 3}, 1},
		{[]time.Duration{1, 3}, []time.Duration{2, 2}, 0.5},
		{[]time.Duration{7, 7}, []time.Duration{7, 7}, 0.5},
		{[]time.Duration{1, 3}, []time.Duration{2}, 0.5},
	} {
		if got := auc(c.one, c.other); got != c.want {
			t.Errorf("auc(%v, %v): got %v, want %v", c.one, c.other, got, c.want)
		}
	}
}

// alike makes two calls in turn, which say whether they count, and wants that nobody
// tells them apart by their time. What can be told apart is looked at once more, with three times the samples.
func (a *attacker) alike(one, other func() bool) {
	a.t.Helper()
	got := apart(40, one, other)
	if got > 0.35 && got < 0.65 {
		return
	}
	if again := apart(120, one, other); again < 0.38 || again > 0.62 {
		a.t.Errorf("they can be told apart by the time: one takes longer in %.2f of the pairs, and looked at again in %.2f; want a half", got, again)
	}
}

// apart measures n samples of each in turn, and answers their auc.
func apart(n int, one, other func() bool) float64 {
	var ones, others []time.Duration
	for i := range n {
		if i%2 == 0 {
			ones = append(ones, timed(one))
		}
		others = append(others, timed(other))
		if i%2 == 1 {
			ones = append(ones, timed(one))
		}
	}
	return auc(ones, others)
}

// timed makes a call until it counts, and answers how long that one took.
func timed(call func() bool) time.Duration {
	for {
		at := time.Now()
		if call() {
			return time.Since(at)
		}
	}
}

// slowHash is a hash that takes longer than what else a call does, and less than
// the default.
const slowHash = "MATRICULA_HASH=argon2id,m=8192,t=1,p=1"

// slow is an attacker before a target whose hashes can be seen in the time.
func (a *attacker) slow() *attacker {
	a.t.Helper()
	return a.aloneAs(program, []string{slowHash})
}

// wrongly tries a wrong password for one of these people after the other. A try that
// the server was too busy for doesn't count.
func (a *attacker) wrongly(path string, people []person) func() bool {
	next := a.takeTurns(people)
	return func() bool {
		body := object{"email": next().email, "password": wrong}
		return a.call("POST", path, body).want(a.t, 400, 401, 503).status != 503
	}
}

func (a *attacker) officers(n int) (people []person) {
	for range n {
		people = append(people, a.officer())
	}
	return people
}

func TestENU02(t *testing.T) {
	a := attack(t, "40 wrong passwords each for known and unknown addresses in turn, timed, on both contracts").slow()
	known, unknown := a.officers(6), a.strangers(6)
	for _, path := range []string{"/api/user/login", "/api/auth/sign-in"} {
		a.alike(a.wrongly(path, known), a.wrongly(path, unknown))
	}
	a.did("they take the same time, as far as so few samples tell: the oracle measures more")
}

func TestENU03(t *testing.T) {
	a := attack(t, "the same while eight clients keep the hash slots full").slow()
	known, unknown := a.officers(6), a.strangers(6)
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for range 8 {
		client := a.elsewhere()
		others.Go(func() {
			for ctx.Err() == nil {
				body := client.stranger().credentials()
				if _, err := client.try("POST", "/api/auth/sign-in", body); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	a.alike(a.wrongly("/api/user/login", known), a.wrongly("/api/user/login", unknown))
	stop()
	others.Wait()
	a.did("they take the same time, as far as so few samples tell: the oracle measures more")
}

func TestENU07(t *testing.T) {
	a := attack(t, "wrong passwords for accounts with argon2id, bcrypt, PBKDF2 and no hash, timed against unknown addresses").slow()
	model := a.officer()
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	people := a.withHashes(model, 8, []string{
		"", "$argon2id$v=19$m=8192,t=1,p=1$TB6iGkY8uqH7E+vFRFpYyQ$c2VjcmV0IG9mIG5vYm9keSBhdCBhbGwsIDMyIG9jdGU",
		"$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"$pbkdf2-sha512$25000$bWF0cmljdWxhLXNhbHQtMQ$HaAa27rKS82V.GM1iCFiAb7riQbou7Tb8KKKvYQvT2YbsBYxzR6lKjhg1OGi82TC99sRcvnzwWnLniYk1BIrDQ",
	})
	if err := a.start(); err != nil {
		t.Fatal(err)
	}
	a.alike(a.wrongly("/api/auth/sign-in", people), a.wrongly("/api/auth/sign-in", a.strangers(48)))
	a.did("unknown addresses take the times that the accounts take, in their proportions; the oracle measures more")
}

// withHashes makes n accounts for each of these hashes, as an import would, in the
// database of a target that is stopped.
func (a *attacker) withHashes(model person, n int, hashes []string) (people []person) {
	a.t.Helper()
	for _, hash := range hashes {
		class := hash
		if fields := strings.Split(hash, "$"); hash != "" {
			class = strings.Join(fields[:len(fields)-2], "$")
			if fields[1] == "2b" {
				class = strings.Join(fields[:3], "$")
			}
		}
		for range n {
			p := a.stranger()
			a.sql(`INSERT INTO accounts (email, email_key, name, password_hash, password_class, confirmed_at, created_at, profile_pic_url, github_url, linkedin_url, personal_site_url, self_intro)
				SELECT $1, $1, name, NULLIF($2, ''), NULLIF($3, ''), confirmed_at, created_at, '', '', '', '', '' FROM accounts WHERE email_key = $4`, p.email, hash, class, model.email)
			people = append(people, p)
		}
	}
	rand.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	return people
}

// sql runs a statement in the target's database, behind its back.
func (a *attacker) sql(statement string, args ...any) {
	a.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(a.data, "matricula.db"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement, args...); err != nil {
		a.t.Fatal(err)
	}
}
