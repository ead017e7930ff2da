package clubs

import (
	"encoding/json"
	"net/http"

	"matricula/internal/web"
)

// tags answers the tag list, by id; the front end shows it before anybody has
// logged in.
func (d *door) tags(w http.ResponseWriter, r *http.Request) error {
	items, err := d.service.Tags(r.Context())
	if err != nil {
		return err
	}
	type tag struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	list := make([]tag, len(items))
	for i, item := range items {
		list[i] = tag{item.ID, item.Text}
	}
	web.WriteJSON(w, http.StatusOK, list)
	return nil
}

// sizes answers the list of club sizes, by id.
func (d *door) sizes(w http.ResponseWriter, r *http.Request) error {
	items, err := d.service.Sizes(r.Context())
	if err != nil {
		return err
	}
	type size struct {
		ID    int64  `json:"id"`
		Value string `json:"value"`
	}
	list := make([]size, len(items))
	for i, item := range items {
		list[i] = size{item.ID, item.Text}
	}
	web.WriteJSON(w, http.StatusOK, list)
	return nil
}

// keys answers the public keys that verify access tokens (RFC 7517 §5), for
// whoever wants to verify some. Caches may keep them for a minute.
func (d *door) keys(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=60")
	web.WriteJSON(w, http.StatusOK, json.RawMessage(d.service.JWKS()))
	return nil
}
