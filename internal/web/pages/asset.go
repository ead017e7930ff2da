package pages

import (
	"embed"
	"fmt"
	"hash/crc32"
	"html/template"
	"net/http"
	"strconv"

	"matricula/internal/web"
)

//go:embed style.css
var styleSheet []byte

//go:embed icon.svg
var icon []byte

// styleURL changes with the style sheet, so that no page of a new version is
// shown in the style that a browser kept of the old one.
var styleURL = fmt.Sprintf("/style.css?%08x", crc32.ChecksumIEEE(styleSheet))

// asset serves a file of the program, which may be kept: it holds nothing of
// anybody.
func asset(kind string, body []byte) web.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // an error means that the client is gone
		return nil
	}
}

//go:embed templates/*.html
var templateFiles embed.FS

// parseTemplates reads each page with the layout around it. The files are part of
// the program, so one that does not parse is a bug of ours.
func parseTemplates() map[string]*template.Template {
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	layout := template.Must(template.ParseFS(templateFiles, "templates/layout.html"))
	all := map[string]*template.Template{}
	for _, entry := range entries {
		page := template.Must(layout.Clone())
		all[entry.Name()] = template.Must(page.ParseFS(templateFiles, "templates/"+entry.Name()))
	}
	return all
}
