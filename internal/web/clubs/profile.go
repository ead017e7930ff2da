package clubs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"matricula/internal/account"
	"matricula/internal/web"
)

// profile is a club as its officer sees it, member by member in the contract's
// order.
type profile struct {
	Name        string  `json:"name"`
	LinkName    string  `json:"link_name"`
	Tags        []int64 `json:"tags"`
	AppRequired bool    `json:"app_required"`
	NewMembers  bool    `json:"new_members"`
	NumUsers    int64   `json:"num_users"`
	AboutUs     string  `json:"about_us"`
	GetInvolved string  `json:"get_involved"`

	ApplyLink          *string    `json:"apply_link"`
	ApplyDeadlineStart *time.Time `json:"apply_deadline_start"`
	ApplyDeadlineEnd   *time.Time `json:"apply_deadline_end"`
	RecruitingStart    *time.Time `json:"recruiting_start"`
	RecruitingEnd      *time.Time `json:"recruiting_end"`

	SocialMediaLinks socialLinks `json:"social_media_links"`
	LogoURL          *string     `json:"logo_url"`
	BannerURL        *string     `json:"banner_url"`
	account.ClubLists

	Reactivated bool      `json:"reactivated"`
	Owner       string    `json:"owner"`
	Confirmed   bool      `json:"confirmed"`
	LastUpdated time.Time `json:"last_updated"`
}

// socialLinks is an object with every member of account.SocialLinks, in that
// order, a text or null.
type socialLinks map[string]string

// MarshalJSON writes the object.
func (s socialLinks) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // links are full of ampersands
	b.WriteByte('{')
	for i, name := range account.SocialLinks {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", name)
		if err := enc.Encode(textOrNull(s[name])); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func profileOf(a account.Account, c account.Club) profile {
	return profile{
		Name: c.Name, LinkName: c.LinkName, Tags: c.Tags, AppRequired: c.AppRequired, NewMembers: c.NewMembers,
		NumUsers: c.NumUsers, AboutUs: c.AboutUs, GetInvolved: c.GetInvolved,

		ApplyLink:          textOrNull(c.ApplyLink),
		ApplyDeadlineStart: timeOrNull(c.ApplyDeadlineStart), ApplyDeadlineEnd: timeOrNull(c.ApplyDeadlineEnd),
		RecruitingStart: timeOrNull(c.RecruitingStart), RecruitingEnd: timeOrNull(c.RecruitingEnd),

		SocialMediaLinks: c.Social, LogoURL: textOrNull(c.Logo), BannerURL: textOrNull(c.Banner), ClubLists: c.Lists,

		Reactivated: c.Reactivated, Owner: c.OwnerEmail, Confirmed: a.Confirmed(), LastUpdated: c.LastUpdated.UTC(),
	}
}

// textOrNull answers null for the empty text.
func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// timeOrNull answers null for the zero time, and else the instant in UTC.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// profile answers the club of the officer who asks.
func (d *door) profile(w http.ResponseWriter, r *http.Request) error {
	access, err := bearer(r)
	if err != nil {
		return err
	}
	officer, club, err := d.service.ClubOf(r.Context(), access)
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, profileOf(officer.Account, club))
	return nil
}

// editProfile changes what the body names of that club.
func (d *door) editProfile(w http.ResponseWriter, r *http.Request) error {
	access, err := bearer(r)
	if err != nil {
		return err
	}
	edit, err := readEdit(r)
	if err != nil {
		return d.tokenFirst(r, access, err)
	}
	if err := d.service.EditClubOf(r.Context(), callerOf(r), access, edit); err != nil {
		return err
	}
	return succeed(w, "")
}

// readEdit reads the members that an officer may change. It asks for no other, so
// the rest of what profile answers can be sent back as it came.
func readEdit(r *http.Request) (account.ClubEdit, error) {
	b, err := web.ReadBody(r)
	if err != nil {
		return account.ClubEdit{}, err
	}
	edit := account.ClubEdit{
		Name:        present(b, "name", b.MaybeText),
		AppRequired: present(b, "app_required", b.MaybeBool),
		NewMembers:  present(b, "new_members", b.MaybeBool),
		NumUsers:    present(b, "num_users", b.MaybeInt),
		AboutUs:     present(b, "about_us", b.MaybeText),
		GetInvolved: present(b, "get_involved", b.MaybeText),

		ApplyLink:          orNull(b.MaybeText("apply_link")),
		ApplyDeadlineStart: orNull(b.MaybeTime("apply_deadline_start")),
		ApplyDeadlineEnd:   orNull(b.MaybeTime("apply_deadline_end")),
		RecruitingStart:    orNull(b.MaybeTime("recruiting_start")),
		RecruitingEnd:      orNull(b.MaybeTime("recruiting_end")),
		Reactivated:        present(b, "reactivated", b.MaybeBool),
	}
	if tags := present(b, "tags", func(name string) web.Opt[[]int64] { return b.MaybeInts(name, maxList) }); tags != nil {
		edit.Tags = *tags
	}
	if links := present(b, "social_media_links", b.MaybeObject); links != nil {
		edit.Social = readSocial(*links)
	}
	if again := present(b, "is_reactivating", b.MaybeBool); again != nil && *again {
		edit.Reactivated = again
	}
	return edit, b.Err()
}

func readSocial(links *web.Body) map[string]string {
	social := map[string]string{}
	for _, name := range account.SocialLinks {
		if link := orNull(links.MaybeText(name)); link != nil {
			social[name] = *link
		}
	}
	return social
}

// present reads a member that may be left out, but is never null.
func present[T any](b *web.Body, name string, read func(string) web.Opt[T]) *T {
	member := read(name)
	if member.Null {
		b.Fail(name, "This field must not be null.")
		return nil
	}
	return orNull(member)
}

// orNull answers what the edit writes for a member: nothing where it is left out,
// and where it is null the zero value, which the core keeps as null.
func orNull[T any](member web.Opt[T]) *T {
	if !member.Set {
		return nil
	}
	return &member.Value
}
