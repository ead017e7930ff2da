package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
)

// asRead is a club as it comes back: a list that was never set is an empty one,
// and a social link that is empty is absent.
func asRead(c account.Club) account.Club {
	for _, list := range []*json.RawMessage{
		&c.Lists.Resources, &c.Lists.Events, &c.Lists.RecruitingEvents, &c.Lists.GalleryMedia, &c.Lists.FAQ,
	} {
		if *list == nil {
			*list = json.RawMessage("[]")
		}
	}
	return c
}

func fullClub(owner int64) account.Club {
	return account.Club{
		Owner: owner, Name: "Chess «& Co»", LinkName: "chess-co", Tags: []int64{3, 1, 4}, AppRequired: true, NewMembers: true, NumUsers: 2,
		AboutUs: "We play.\nSlowly.", GetInvolved: "Come.", ApplyLink: "https://x.test/apply",
		ApplyDeadlineStart: noon, ApplyDeadlineEnd: noon.Add(1), RecruitingStart: noon.Add(time.Hour), RecruitingEnd: time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC),
		Social: map[string]string{"contact_email": "c@x.test", "website": "https://x.test/?a=\"b\"", "discord": ""},
		Logo:   "https://x.test/logo", Banner: "https://x.test/banner",
		Lists: account.ClubLists{
			Resources: json.RawMessage(`[{"name":"Rules","link":"https://x.test"}]`), Events: json.RawMessage(`[1,2]`),
			RecruitingEvents: json.RawMessage(`["é"]`), GalleryMedia: json.RawMessage(`[null]`), FAQ: json.RawMessage(`[{}]`),
		},
		Reactivated: true, LastUpdated: noon,
	}
}

func clubComesBack(t *testing.T, open Open) {
	s := open(t)
	full := fullClub(addAccount(t, s, "ada@x.test"))
	added := full
	added.ID, added.OwnerEmail = 99, "ignored"
	full.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddClub(added) })
	full.OwnerEmail = "ada@x.test"
	full.ApplyDeadlineEnd = noon // whole microseconds are kept
	full.Social = map[string]string{"contact_email": "c@x.test", "website": "https://x.test/?a=\"b\""}
	wantRead(t, "by id", full)(read(t, s).Club(full.ID))
	wantRead(t, "by owner", full)(read(t, s).ClubByOwner(full.Owner))
	wantRead(t, "by link name", full)(read(t, s).ClubByLink("chess-co"))

	bare := account.Club{Owner: addAccount(t, s, "bob@x.test"), Name: "Go", LinkName: "go", LastUpdated: noon}
	bare.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddClub(bare) })
	bare.OwnerEmail = "bob@x.test"
	wantRead(t, "with nothing set", asRead(bare))(read(t, s).Club(bare.ID))
}

func clubIsTaken(t *testing.T, open Open) {
	s := open(t)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	addClub(t, s, ada, "chess")
	refused(t, s, account.Taken, "owner", func(tx account.Tx) error {
		_, err := tx.AddClub(chess(ada, "go"))
		return err
	})
	refused(t, s, account.Taken, "link_name", func(tx account.Tx) error {
		_, err := tx.AddClub(chess(bob, "chess"))
		return err
	})
	addClub(t, s, bob, "chess-2") // names need not be unique
}

func clubEdit(t *testing.T, open Open) {
	s := open(t)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	id, other := addClub(t, s, ada, "chess"), addClub(t, s, bob, "go")
	edit := fullClub(bob) // another owner and link name
	edit.ID, edit.Tags = id, []int64{0, 20}
	update(t, s, func(tx account.Tx) error { return tx.SetClub(edit) })
	edit.Owner, edit.OwnerEmail, edit.LinkName, edit.ApplyDeadlineEnd = ada, "ada@x.test", "chess", noon
	edit.Social = map[string]string{"contact_email": "c@x.test", "website": "https://x.test/?a=\"b\""}
	wantRead(t, "after the edit", edit)(read(t, s).Club(id))

	bare := account.Club{ID: id, Name: "Bare", LastUpdated: noon}
	update(t, s, func(tx account.Tx) error { return tx.SetClub(bare) })
	bare.Owner, bare.OwnerEmail, bare.LinkName = ada, "ada@x.test", "chess"
	wantRead(t, "after everything was taken away", asRead(bare))(read(t, s).Club(id))

	untouched := chess(bob, "go")
	untouched.ID, untouched.OwnerEmail = other, "bob@x.test"
	wantRead(t, "the other club", asRead(untouched))(read(t, s).Club(other))
	refused(t, s, account.NotFound, "", func(tx account.Tx) error { return tx.SetClub(account.Club{ID: 99, LastUpdated: noon}) })
}

func clubRefersToWhatThereIs(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	for _, test := range []struct {
		what  string
		club  func(*account.Club)
		code  account.Code
		field string
	}{
		{"an unknown tag", func(c *account.Club) { c.Tags = []int64{1, 999} }, account.Invalid, "tags"},
		{"an unknown size", func(c *account.Club) { c.NumUsers = 999 }, account.Invalid, "num_users"},
		{"an unknown owner", func(c *account.Club) { c.Owner = 999 }, account.NotFound, ""},
	} {
		club := chess(of, "chess")
		test.club(&club)
		err := s.Update(t.Context(), func(tx account.Tx) error {
			_, err := tx.AddClub(club)
			return err
		})
		wantRefusal(t, test.what, err, test.code, test.field)
	}
	wantRead(t, "clubs left of what was refused", 0)(count(read(t, s).Clubs(0, 10)))
	club := chess(of, "chess")
	club.ID = addClub(t, s, of, "chess")
	club.Tags = []int64{999}
	refused(t, s, account.Invalid, "tags", func(tx account.Tx) error { return tx.SetClub(club) })
	club.Tags, club.NumUsers = nil, 999
	refused(t, s, account.Invalid, "num_users", func(tx account.Tx) error { return tx.SetClub(club) })
	got, err := read(t, s).Club(club.ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "tags after what was refused", got.Tags, []int64{3, 1, 4})
}

func linkNames(t *testing.T, open Open) {
	s := open(t)
	for i, name := range []string{"chess", "chess-2", "chess-club", "chessboard", "ches", "Chess-3", "chess.4", "chess-"} {
		addClub(t, s, addAccount(t, s, fmt.Sprintf("p%d@x.test", i)), name)
	}
	for _, test := range []struct {
		base string
		want []string
	}{
		{"chess", []string{"chess", "chess-2", "chess-club"}},
		{"chess-club", []string{"chess-club"}},
		{"go", nil},
		{"ches_", nil},
		{"chess%", nil},
	} {
		wantRead(t, test.base, test.want)(read(t, s).LinkNames(test.base))
	}
}

func clubPages(t *testing.T, open Open) {
	s := open(t)
	var all []int64
	for i := range 5 {
		all = append(all, addClub(t, s, addAccount(t, s, fmt.Sprintf("p%d@x.test", i)), fmt.Sprint("club-", i)))
	}
	var got []int64
	for after := int64(0); ; {
		page, err := read(t, s).Clubs(after, 2)
		if err != nil || len(page) > 2 {
			t.Fatalf("got %d clubs and %v, want 2 at most", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			got, after = append(got, c.ID), c.ID
		}
	}
	want(t, "the ids of all pages", got, all)
}

func clubIsDeleted(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	id := addClub(t, s, of, "chess")
	update(t, s, func(tx account.Tx) error { return tx.DeleteClub(id) })
	if _, err := read(t, s).Club(id); err != account.NotFound {
		t.Errorf("a deleted club: got %v, want NotFound", err)
	}
	refused(t, s, account.NotFound, "", func(tx account.Tx) error { return tx.DeleteClub(id) })
	a, err := read(t, s).Account(of)
	if err != nil || a.ClubID != 0 {
		t.Errorf("got club %d and %v: the owner stays, without a club", a.ClubID, err)
	}
	again := addClub(t, s, of, "chess")
	if again <= id {
		t.Errorf("got id %d, want more than %d, which was deleted", again, id)
	}
}

func defaultLists(t *testing.T, open Open) {
	r := read(t, open(t))
	for what, ask := range map[string]func() ([]account.ListItem, error){"tags": r.Tags, "sizes": r.Sizes} {
		items, err := ask()
		if err != nil || len(items) < 5 {
			t.Fatalf("%s: got %d and %v, want a list", what, len(items), err)
		}
		for i, item := range items {
			if item.ID != int64(i) || item.Text == "" {
				t.Errorf("%s: item %d is %v; ids must be dense from 0", what, i, item)
			}
		}
	}
}

func item(id int64, text string) account.ListItem { return account.ListItem{ID: id, Text: text} }

func listIsReplaced(t *testing.T, open Open) {
	s := open(t)
	items := []account.ListItem{item(0, "Zero"), item(2, "Two"), item(1, "One"), item(30, "Thirty")}
	byID := []account.ListItem{item(0, "Zero"), item(1, "One"), item(2, "Two"), item(30, "Thirty")}
	update(t, s, func(tx account.Tx) error { return tx.SetTags(items) })
	wantRead(t, "tags", byID)(read(t, s).Tags())
	sizes, err := read(t, s).Sizes()
	if err != nil || len(sizes) == len(byID) {
		t.Errorf("got %d sizes and %v: the other list must stay", len(sizes), err)
	}
	update(t, s, func(tx account.Tx) error { return tx.SetSizes(items) })
	wantRead(t, "sizes", byID)(read(t, s).Sizes())
	update(t, s, func(tx account.Tx) error { return tx.SetSizes(nil) })
	wantRead(t, "no sizes", []account.ListItem{})(read(t, s).Sizes())
}

func itemInUse(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	id := addClub(t, s, of, "chess") // tags 3, 1, 4; size 0
	tags, err := read(t, s).Tags()
	if err != nil {
		t.Fatal(err)
	}
	refused(t, s, account.InUse, "", func(tx account.Tx) error { return tx.SetTags([]account.ListItem{item(1, "One"), item(3, "Three")}) })
	wantRead(t, "tags after the refusal", tags)(read(t, s).Tags())
	refused(t, s, account.InUse, "", func(tx account.Tx) error { return tx.SetSizes([]account.ListItem{item(1, "One")}) })
	short := []account.ListItem{item(1, "One"), item(3, "Three"), item(4, "Four")}
	update(t, s, func(tx account.Tx) error { return tx.SetTags(short) })
	wantRead(t, "tags that the club has not", short)(read(t, s).Tags())
	update(t, s, func(tx account.Tx) error { return tx.DeleteClub(id) })
	update(t, s, func(tx account.Tx) error { return tx.SetTags(nil) })
}
