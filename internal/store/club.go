package store

import (
	"errors"
	"fmt"

	"matricula/internal/account"
)

// clubColumns go with clubFields, over clubs and accounts.
const clubColumns = `clubs.id, clubs.account_id, accounts.email, clubs.name, clubs.link_name,
	(SELECT string_agg(CAST(tag_id AS TEXT), ',' ORDER BY position) FROM club_tags WHERE club_tags.club_id = clubs.id),
	clubs.app_required, clubs.new_members, clubs.size_id, clubs.about_us, clubs.get_involved, clubs.apply_link,
	clubs.apply_deadline_start, clubs.apply_deadline_end, clubs.recruiting_start, clubs.recruiting_end,
	clubs.social, clubs.logo, clubs.banner,
	clubs.resources, clubs.events, clubs.recruiting_events, clubs.gallery_media, clubs.faq,
	clubs.reactivated, clubs.last_updated`

const fromClubs = `
FROM clubs
JOIN accounts ON accounts.id = clubs.account_id`

func clubFields(c *account.Club) []any {
	return []any{
		&c.ID, &c.Owner, &c.OwnerEmail, &c.Name, &c.LinkName,
		ids{&c.Tags},
		yes{&c.AppRequired}, yes{&c.NewMembers}, &c.NumUsers, &c.AboutUs, &c.GetInvolved, &c.ApplyLink,
		instant{&c.ApplyDeadlineStart}, instant{&c.ApplyDeadlineEnd}, instant{&c.RecruitingStart}, instant{&c.RecruitingEnd},
		document{&c.Social}, &c.Logo, &c.Banner,
		array{&c.Lists.Resources}, array{&c.Lists.Events}, array{&c.Lists.RecruitingEvents}, array{&c.Lists.GalleryMedia}, array{&c.Lists.FAQ},
		yes{&c.Reactivated}, instant{&c.LastUpdated},
	}
}

func scanClub(row Row) (c account.Club, err error) {
	err = row.Scan(clubFields(&c)...)
	return c, err
}

// Club answers the club with this id.
func (r reader) Club(id int64) (account.Club, error) {
	return one(r, "club", scanClub, `
SELECT `+clubColumns+fromClubs+`
WHERE clubs.id = $1`, id)
}

// ClubByOwner answers the club of this account.
func (r reader) ClubByOwner(owner int64) (account.Club, error) {
	return one(r, "club by owner", scanClub, `
SELECT `+clubColumns+fromClubs+`
WHERE clubs.account_id = $1`, owner)
}

// ClubByLink answers the club with this link name.
func (r reader) ClubByLink(linkName string) (account.Club, error) {
	return one(r, "club by link name", scanClub, `
SELECT `+clubColumns+fromClubs+`
WHERE clubs.link_name = $1`, linkName)
}

// LinkNames answers the link names that are base, or base and a hyphen and more.
func (r reader) LinkNames(base string) ([]string, error) {
	// '.' follows '-', so the two bounds hold what begins with base and a hyphen.
	return list(r, "link names", value[string], `
SELECT link_name
FROM clubs
WHERE link_name = $1 OR (link_name > $2 AND link_name < $3)
ORDER BY link_name`, base, base+"-", base+".")
}

// Clubs lists the clubs by id.
func (r reader) Clubs(after int64, limit int) ([]account.Club, error) {
	return list(r, "clubs", scanClub, `
SELECT `+clubColumns+fromClubs+`
WHERE clubs.id > $1
ORDER BY clubs.id
LIMIT $2`, after, limit)
}

// AddClub makes a club with its tags.
func (t tx) AddClub(c account.Club) (int64, error) {
	if err := t.sizeExists(c.NumUsers); err != nil {
		return 0, err
	}
	id, err := t.add("add club", `
INSERT INTO clubs (account_id, name, link_name, app_required, new_members, size_id, about_us, get_involved, apply_link,
	apply_deadline_start, apply_deadline_end, recruiting_start, recruiting_end, social, logo, banner,
	resources, events, recruiting_events, gallery_media, faq, reactivated, last_updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
RETURNING id`, append([]any{c.Owner, c.Name, c.LinkName}, clubValues(c)...)...)
	if err != nil {
		return 0, err
	}
	return id, t.setClubTags(id, c.Tags)
}

// SetClub writes everything but owner and link name.
func (t tx) SetClub(c account.Club) error {
	if err := t.sizeExists(c.NumUsers); err != nil {
		return err
	}
	err := t.change("set club", `
UPDATE clubs
SET name = $2, app_required = $3, new_members = $4, size_id = $5, about_us = $6, get_involved = $7, apply_link = $8,
	apply_deadline_start = $9, apply_deadline_end = $10, recruiting_start = $11, recruiting_end = $12,
	social = $13, logo = $14, banner = $15,
	resources = $16, events = $17, recruiting_events = $18, gallery_media = $19, faq = $20,
	reactivated = $21, last_updated = $22
WHERE id = $1`, append([]any{c.ID, c.Name}, clubValues(c)...)...)
	if err != nil {
		return err
	}
	if _, err := t.exec("clear club tags", `
DELETE FROM club_tags
WHERE club_id = $1`, c.ID); err != nil {
		return err
	}
	return t.setClubTags(c.ID, c.Tags)
}

// clubValues are the columns from app_required on.
func clubValues(c account.Club) []any {
	social := map[string]string{}
	for name, link := range c.Social {
		if link != "" {
			social[name] = link
		}
	}
	return []any{
		flag(c.AppRequired), flag(c.NewMembers), c.NumUsers, c.AboutUs, c.GetInvolved, c.ApplyLink,
		micros(c.ApplyDeadlineStart), micros(c.ApplyDeadlineEnd), micros(c.RecruitingStart), micros(c.RecruitingEnd),
		encode(social), c.Logo, c.Banner,
		arrayText(c.Lists.Resources), arrayText(c.Lists.Events), arrayText(c.Lists.RecruitingEvents),
		arrayText(c.Lists.GalleryMedia), arrayText(c.Lists.FAQ),
		flag(c.Reactivated), micros(c.LastUpdated),
	}
}

// sizeExists refuses a size that is not in the list. It is asked beforehand, so
// that the only thing a new club can then miss is its owner.
func (t tx) sizeExists(size int64) error {
	_, err := one(t.reader, "size", value[int64], `
SELECT id
FROM sizes
WHERE id = $1`, size)
	if errors.Is(err, account.NotFound) {
		return unknown("num_users", "There is no size %d.", size)
	}
	return err
}

// setClubTags writes the tags of a club that has none.
func (t tx) setClubTags(club int64, tags []int64) error {
	for position, tag := range tags {
		_, err := t.exec("add club tag", `
INSERT INTO club_tags (club_id, position, tag_id)
VALUES ($1, $2, $3)`, club, position, tag)
		if errors.Is(err, account.NotFound) {
			return unknown("tags", "There is no tag %d.", tag)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteClub deletes a club.
func (t tx) DeleteClub(id int64) error {
	return t.change("delete club", `
DELETE FROM clubs
WHERE id = $1`, id)
}

func scanItem(row Row) (i account.ListItem, err error) {
	err = row.Scan(&i.ID, &i.Text)
	return i, err
}

// Tags lists the tags by id.
func (r reader) Tags() ([]account.ListItem, error) {
	return list(r, "tags", scanItem, `
SELECT id, name
FROM tags
ORDER BY id`)
}

// Sizes lists the sizes by id.
func (r reader) Sizes() ([]account.ListItem, error) {
	return list(r, "sizes", scanItem, `
SELECT id, value
FROM sizes
ORDER BY id`)
}

// SetTags replaces the tag list.
func (t tx) SetTags(items []account.ListItem) error {
	before, err := t.Tags()
	if err != nil {
		return err
	}
	return t.setList(before, items, "tag", `
DELETE FROM tags
WHERE id = $1`, `
INSERT INTO tags (id, name)
VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET name = excluded.name`)
}

// SetSizes replaces the size list.
func (t tx) SetSizes(items []account.ListItem) error {
	before, err := t.Sizes()
	if err != nil {
		return err
	}
	return t.setList(before, items, "size", `
DELETE FROM sizes
WHERE id = $1`, `
INSERT INTO sizes (id, value)
VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET value = excluded.value`)
}

// setList takes away what items lacks and writes items.
func (t tx) setList(before, items []account.ListItem, what, remove, put string) error {
	stays := map[int64]bool{}
	for _, item := range items {
		stays[item.ID] = true
	}
	for _, item := range before {
		if stays[item.ID] {
			continue
		}
		_, err := t.exec("remove "+what, remove, item.ID)
		if errors.Is(err, account.NotFound) { // what a foreign key that is violated says
			return &account.Error{Code: account.InUse, Fields: []account.FieldError{
				{Field: what + "s", Why: fmt.Sprintf("A club has the %s %d, %q.", what, item.ID, item.Text)},
			}}
		}
		if err != nil {
			return err
		}
	}
	for _, item := range items {
		if _, err := t.exec("put "+what, put, item.ID, item.Text); err != nil {
			return err
		}
	}
	return nil
}
