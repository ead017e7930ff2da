module matricula

go 1.26.0

require (
	github.com/alecthomas/kong v1.17.0
	github.com/go-jose/go-jose/v4 v4.1.8
	github.com/jub0bs/cors v1.0.1
	github.com/pressly/goose/v3 v3.28.0
	github.com/trustelem/zxcvbn v1.0.1
	github.com/wneessen/go-mail v0.8.1
	github.com/zitadel/passwap v0.12.1
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875
	golang.org/x/crypto v0.58.0
	golang.org/x/net v0.62.0
	golang.org/x/sync v0.24.0
	golang.org/x/text v0.43.0
	modernc.org/sqlite v1.60.1
	github.com/emersion/go-smtp v0.25.1
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6
	github.com/google/go-cmp v0.7.0
	github.com/rogpeppe/go-internal v1.16.0
	pgregory.net/rapid v1.3.0
	modernc.org/libc v1.77.1
	github.com/chromedp/chromedp v0.23.0
	github.com/chromedp/cdproto v0.159.0
)

require github.com/go-chi/chi/v5 v5.5.0
