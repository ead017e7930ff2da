package account

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"matricula/internal/token"
)

// Lengths of a club's texts in characters (clubs contract, "admin/profile"), and
// of a link in octets.
const (
	maxAboutUs     = 750
	maxGetInvolved = 500
	maxLink        = 2048
	maxTags        = 3
)

// ClubEdit is what an edit may change; nil leaves a member as it is. Neither
// owner nor link name is among them.
type ClubEdit struct {
	Name                    *string
	Tags                    []int64 // nil leaves them
	AppRequired, NewMembers *bool
	NumUsers                *int64
	AboutUs, GetInvolved    *string
	ApplyLink               *string // "" is null

	ApplyDeadlineStart, ApplyDeadlineEnd *time.Time // a zero time is null
	RecruitingStart, RecruitingEnd       *time.Time

	Social      map[string]string // the named ones alone change; "" is null
	Reactivated *bool
}

// ClubOf answers the club of the officer whom an access token stands for. It
// refuses with Unauthenticated.
func (s *Service) ClubOf(ctx context.Context, access token.Secret) (Holder, Club, error) {
	claims, err := s.parseAccess(access)
	if err != nil {
		return Holder{}, Club{}, err
	}
	return s.officer(s.store.Read(ctx), claims)
}

// EditClubOf edits the club of the officer whom an access token stands for. It
// refuses with Unauthenticated and Invalid.
func (s *Service) EditClubOf(ctx context.Context, c Caller, access token.Secret, edit ClubEdit) error {
	claims, err := s.parseAccess(access)
	if err != nil {
		return err
	}
	return s.editClub(ctx, c, edit, func(r Reader) (Club, error) {
		_, club, err := s.officer(r, claims)
		return club, err
	})
}

// MemberClub answers the club of the person whom a cohorts session stands for,
// for the built-in page. It refuses with Unauthenticated, and with NotFound for
// somebody who owns none.
func (s *Service) MemberClub(ctx context.Context, presented token.Secret) (Club, error) {
	return s.memberClub(s.store.Read(ctx), presented)
}

// EditMemberClub edits that club. It refuses like MemberClub, and with Invalid.
func (s *Service) EditMemberClub(ctx context.Context, c Caller, presented token.Secret, edit ClubEdit) error {
	return s.editClub(ctx, c, edit, func(r Reader) (Club, error) { return s.memberClub(r, presented) })
}

func (s *Service) memberClub(r Reader, presented token.Secret) (Club, error) {
	h, err := s.memberHolder(r, presented)
	if err != nil {
		return Club{}, err
	}
	return r.ClubByOwner(h.Account.ID)
}

// editClub applies an edit to the club that read finds, asking once more inside
// the change whether the caller still may.
func (s *Service) editClub(ctx context.Context, c Caller, edit ClubEdit, read func(Reader) (Club, error)) error {
	return s.store.Update(ctx, func(tx Tx) error {
		club, err := read(tx)
		if err != nil {
			return err
		}
		bad := edit.apply(&club)
		if err := allOf(bad, checkClub(tx, club)); err != nil {
			return err
		}
		now := s.now()
		club.LastUpdated = now
		if err := tx.SetClub(club); err != nil {
			return err
		}
		return tx.AddEvent(c.event(now, ClubChanged, club.Owner, club.LinkName))
	})
}

// apply writes the edit into the club; links are put in their final form. It
// refuses with Invalid.
func (e ClubEdit) apply(club *Club) error {
	set(&club.Name, e.Name)
	set(&club.AppRequired, e.AppRequired)
	set(&club.NewMembers, e.NewMembers)
	set(&club.NumUsers, e.NumUsers)
	set(&club.AboutUs, e.AboutUs)
	set(&club.GetInvolved, e.GetInvolved)
	set(&club.ApplyDeadlineStart, e.ApplyDeadlineStart)
	set(&club.ApplyDeadlineEnd, e.ApplyDeadlineEnd)
	set(&club.RecruitingStart, e.RecruitingStart)
	set(&club.RecruitingEnd, e.RecruitingEnd)
	if e.Tags != nil {
		club.Tags = e.Tags
	}
	set(&club.Reactivated, e.Reactivated)

	var errs []error
	if e.ApplyLink != nil {
		link, err := cleanLink("apply_link", *e.ApplyLink)
		club.ApplyLink, errs = link, append(errs, err)
	}
	social, err := e.social(club.Social)
	club.Social = social
	return allOf(append(errs, err)...)
}

// social answers the social links after the edit.
func (e ClubEdit) social(before map[string]string) (map[string]string, error) {
	after := map[string]string{}
	var errs []error
	for _, name := range SocialLinks {
		text, edited := e.Social[name]
		if !edited {
			text = before[name]
		} else {
			var err error
			text, err = cleanSocial(name, text)
			errs = append(errs, err)
		}
		if text != "" {
			after[name] = text
		}
	}
	return after, allOf(errs...)
}

func cleanSocial(name, text string) (string, error) {
	field := "social_media_links." + name
	if name != "contact_email" {
		return cleanLink(field, text)
	}
	if strings.TrimSpace(text) == "" {
		return "", nil
	}
	address, err := ParseAddress(text)
	if err != nil {
		return "", invalid(field, "This is not an e-mail address.")
	}
	return address.Text, nil
}

// cleanLink answers a link with its scheme: a missing one becomes https, another
// than http(s) is refused, so no link can run a script. "" stays "".
func cleanLink(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	refusal := invalid(field, "This is not a link to a page (http or https).")
	if len(text) > maxLink || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) {
		return "", refusal
	}
	guessed := !hasScheme(text)
	if guessed {
		text = "https://" + strings.TrimPrefix(text, "//")
	}
	link, err := url.Parse(text)
	if err == nil && guessed && !strings.Contains(link.Hostname(), ".") {
		return "", refusal // "tel:12345" is no host and port
	}
	if err != nil || link.Scheme != "http" && link.Scheme != "https" || link.Hostname() == "" || link.User != nil {
		return "", refusal
	}
	return text, nil
}

// hasScheme tells "mailto:x" and "https://x" from "example.org:8080/x".
func hasScheme(text string) bool {
	scheme, rest, found := strings.Cut(text, ":")
	if !found || strings.ContainsAny(scheme, "./?#@") {
		return false
	}
	port := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	rest = rest[len(port):]
	return port == "" || len(port) > 5 || rest != "" && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "?") && !strings.HasPrefix(rest, "#")
}

// set writes a value that is there.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// checkClub refuses, with every field at fault, a club that can't stand.
func checkClub(r Reader, club Club) error {
	errs := []error{checkName("name", club.Name)}
	errs = append(errs, checkLength("about_us", club.AboutUs, maxAboutUs), checkLength("get_involved", club.GetInvolved, maxGetInvolved))
	tags, err := r.Tags()
	if err != nil {
		return err
	}
	sizes, err := r.Sizes()
	if err != nil {
		return err
	}
	errs = append(errs, checkTags(tags, club.Tags), checkTimes(club))
	if !listed(sizes, club.NumUsers) {
		errs = append(errs, invalid("num_users", "There is no size %d.", club.NumUsers))
	}
	return allOf(errs...)
}

func checkLength(field, text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return invalid(field, "This text has at most %d characters.", most)
	}
	if strings.ContainsRune(text, 0) {
		return invalid(field, "This text holds a character that can't be kept.")
	}
	return nil
}

// checkTimes refuses an instant that JSON can't tell (RFC 3339 has four digits
// for the year).
func checkTimes(club Club) error {
	var errs []error
	for _, at := range []struct {
		field string
		time  time.Time
	}{
		{"apply_deadline_start", club.ApplyDeadlineStart}, {"apply_deadline_end", club.ApplyDeadlineEnd},
		{"recruiting_start", club.RecruitingStart}, {"recruiting_end", club.RecruitingEnd},
	} {
		if year := at.time.UTC().Year(); year < 1 || year > 9999 {
			errs = append(errs, invalid(at.field, "The year must have four digits."))
		}
	}
	return allOf(errs...)
}

func checkTags(known []ListItem, tags []int64) error {
	if len(tags) < 1 || len(tags) > maxTags {
		return invalid("tags", "A club has 1 to %d tags.", maxTags)
	}
	seen := map[int64]bool{}
	for _, tag := range tags {
		if seen[tag] {
			return invalid("tags", "Tag %d is given twice.", tag)
		}
		if !listed(known, tag) {
			return invalid("tags", "There is no tag %d.", tag)
		}
		seen[tag] = true
	}
	return nil
}

func listed(items []ListItem, id int64) bool {
	return slices.ContainsFunc(items, func(item ListItem) bool { return item.ID == id })
}

// addClub gives a new club a link name of its own and writes it.
func (s *Service) addClub(tx Tx, club Club) error {
	base := slug(club.Name)
	taken, err := tx.LinkNames(base)
	if err != nil {
		return err
	}
	inUse := map[string]bool{} // of one name there may be thousands
	for _, name := range taken {
		inUse[name] = true
	}
	club.LinkName = base
	for n := 2; inUse[club.LinkName]; n++ {
		club.LinkName = fmt.Sprintf("%s-%d", base, n)
	}
	club.Lists = club.Lists.filled()
	_, err = tx.AddClub(club)
	return err
}

// filled answers the lists with an empty array for each that is missing.
func (l ClubLists) filled() ClubLists {
	for _, list := range []*json.RawMessage{&l.Resources, &l.Events, &l.RecruitingEvents, &l.GalleryMedia, &l.FAQ} {
		if len(*list) == 0 {
			*list = json.RawMessage("[]")
		}
	}
	return l
}

// slug makes the link name of a club's name: ASCII letters and digits, accents
// dropped, everything else a single hyphen; "club" where nothing is left.
func slug(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent that NFKD took off its letter
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	link := strings.Trim(b.String(), "-")
	if link == "" {
		return "club"
	}
	return link
}

// Tags lists the tags by id (clubs contract, "catalog/tags").
func (s *Service) Tags(ctx context.Context) ([]ListItem, error) { return s.store.Read(ctx).Tags() }

// Sizes lists the sizes by id (clubs contract, "catalog/num-user-tags").
func (s *Service) Sizes(ctx context.Context) ([]ListItem, error) { return s.store.Read(ctx).Sizes() }

// SetTags replaces the tag list. Its ids are dense from 0, since the clubs front
// end indexes the list by them. It refuses with Invalid, and with InUse when a
// club has a tag that would go.
func (s *Service) SetTags(ctx context.Context, c Caller, items []ListItem) error {
	return s.setList(ctx, c, "tags", items, Tx.SetTags)
}

// SetSizes replaces the size list under the same rules.
func (s *Service) SetSizes(ctx context.Context, c Caller, items []ListItem) error {
	return s.setList(ctx, c, "sizes", items, Tx.SetSizes)
}

func (s *Service) setList(ctx context.Context, c Caller, name string, items []ListItem, put func(Tx, []ListItem) error) error {
	if len(items) == 0 {
		return invalid(name, "The list must not be empty.")
	}
	seen := map[int64]bool{}
	for _, item := range items {
		if item.ID < 0 || item.ID >= int64(len(items)) || seen[item.ID] {
			return invalid(name, "The ids must be 0 to %d, each once; %d is not.", len(items)-1, item.ID)
		}
		if err := checkName(name, item.Text); err != nil {
			return err
		}
		seen[item.ID] = true
	}
	return s.store.Update(ctx, func(tx Tx) error {
		if err := put(tx, items); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), ListChanged, 0, name))
	})
}

// CreateClub makes a club for an account that has none, by an operator. The edit
// says what it has; tags default to the first one. It refuses with Invalid,
// NotFound (the owner) and Taken (it has a club).
func (s *Service) CreateClub(ctx context.Context, c Caller, owner int64, edit ClubEdit) (Club, error) {
	var made Club
	err := s.store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Account(owner); err != nil {
			return err
		}
		now := s.now()
		club := Club{Owner: owner, Tags: []int64{0}, Reactivated: true, LastUpdated: now}
		bad := edit.apply(&club)
		if err := allOf(bad, checkClub(tx, club)); err != nil {
			return err
		}
		if err := s.addClub(tx, club); err != nil {
			return err
		}
		var err error
		if made, err = tx.ClubByOwner(owner); err != nil {
			return err
		}
		return tx.AddEvent(c.event(now, ClubMade, owner, made.LinkName))
	})
	return made, err
}

// Club answers the club with this link name. It refuses with NotFound.
func (s *Service) Club(ctx context.Context, linkName string) (Club, error) {
	return s.store.Read(ctx).ClubByLink(linkName)
}

// ClubOwnedBy answers the club of an account. It refuses with NotFound.
func (s *Service) ClubOwnedBy(ctx context.Context, account int64) (Club, error) {
	return s.store.Read(ctx).ClubByOwner(account)
}

// Clubs lists the clubs by id, from the one behind after.
func (s *Service) Clubs(ctx context.Context, after int64, limit int) ([]Club, error) {
	return s.store.Read(ctx).Clubs(after, limit)
}

// SetClub edits a club, by an operator. It refuses with NotFound and Invalid.
func (s *Service) SetClub(ctx context.Context, c Caller, id int64, edit ClubEdit) error {
	return s.editClub(ctx, c, edit, func(r Reader) (Club, error) { return r.Club(id) })
}

// DeleteClub deletes a club and ends its owner's access and refresh tokens; the
// account stays. It refuses with NotFound.
func (s *Service) DeleteClub(ctx context.Context, c Caller, id int64) error {
	return s.store.Update(ctx, func(tx Tx) error {
		club, err := tx.Club(id)
		if err != nil {
			return err
		}
		if _, err := tx.EndSessions(club.Owner, nil, Clubs); err != nil {
			return err
		}
		if err := tx.DeleteClub(id); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), ClubDeleted, club.Owner, club.LinkName))
	})
}
