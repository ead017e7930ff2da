package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"matricula/internal/account"
)

// clubShape is a club as programs read it.
type clubShape struct {
	ID                 int64             `json:"id"`
	LinkName           string            `json:"link_name"`
	Name               string            `json:"name"`
	Owner              string            `json:"owner"`
	OwnerID            int64             `json:"owner_id"`
	Tags               []int64           `json:"tags"`
	NumUsers           int64             `json:"num_users"`
	AppRequired        bool              `json:"app_required"`
	NewMembers         bool              `json:"new_members"`
	AboutUs            string            `json:"about_us"`
	GetInvolved        string            `json:"get_involved"`
	ApplyLink          string            `json:"apply_link,omitempty"`
	ApplyDeadlineStart *time.Time        `json:"apply_deadline_start"`
	ApplyDeadlineEnd   *time.Time        `json:"apply_deadline_end"`
	RecruitingStart    *time.Time        `json:"recruiting_start"`
	RecruitingEnd      *time.Time        `json:"recruiting_end"`
	Social             map[string]string `json:"social_media_links"`
	Reactivated        bool              `json:"reactivated"`
	LastUpdated        time.Time         `json:"last_updated"`
}

func clubOf(c account.Club) clubShape {
	social := map[string]string{}
	for name, link := range c.Social {
		if link != "" {
			social[name] = link
		}
	}
	return clubShape{
		ID: c.ID, LinkName: c.LinkName, Name: c.Name, Owner: c.OwnerEmail, OwnerID: c.Owner,
		Tags: c.Tags, NumUsers: c.NumUsers, AppRequired: c.AppRequired, NewMembers: c.NewMembers,
		AboutUs: c.AboutUs, GetInvolved: c.GetInvolved, ApplyLink: c.ApplyLink,
		ApplyDeadlineStart: stamp(c.ApplyDeadlineStart), ApplyDeadlineEnd: stamp(c.ApplyDeadlineEnd),
		RecruitingStart: stamp(c.RecruitingStart), RecruitingEnd: stamp(c.RecruitingEnd),
		Social: social, Reactivated: c.Reactivated, LastUpdated: c.LastUpdated.UTC(),
	}
}

// write shows the club to people, a line each.
func (c clubShape) write(d *desk) func(io.Writer) {
	return func(out io.Writer) {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		line := func(name, value string) {
			if value != "" {
				fmt.Fprintf(w, "%s\t%s\n", name, plain(value))
			}
		}
		line("id", strconv.FormatInt(c.ID, 10))
		line("link name", c.LinkName)
		line("name", c.Name)
		line("owner", c.Owner)
		line("tags", joinIDs(c.Tags))
		line("size", strconv.FormatInt(c.NumUsers, 10))
		line("must apply", yesNo(c.AppRequired))
		line("takes members", yesNo(c.NewMembers))
		line("about", c.AboutUs)
		line("get involved", c.GetInvolved)
		line("apply at", c.ApplyLink)
		line("apply", span(d, c.ApplyDeadlineStart, c.ApplyDeadlineEnd))
		line("recruiting", span(d, c.RecruitingStart, c.RecruitingEnd))
		for _, name := range account.SocialLinks {
			line(name, c.Social[name])
		}
		line("reactivated", yesNo(c.Reactivated))
		line("updated", d.local(c.LastUpdated))
		_ = w.Flush()
	}
}

// span shows two instants, either of which may be missing.
func span(d *desk, from, to *time.Time) string {
	switch {
	case from != nil && to != nil:
		return d.local(*from) + " to " + d.local(*to)
	case from != nil:
		return "from " + d.local(*from)
	case to != nil:
		return "until " + d.local(*to)
	}
	return ""
}

func joinIDs(ids []int64) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	return strings.Join(texts, ",")
}
