# make demo     builds and serves a throw-away installation with something in it
# make demo-postgres  serves three of it on PostgreSQL, behind nginx, likewise
# make build    builds bin/matricula, static and stripped
# make test     passes every test; installs what they lack, or says what to install
# make lint     formatting and vet
# make check    lint, and every test once more with the race detector
# make audit    staticcheck, gosec and govulncheck
# make attack   attacks the program and prints what it did; ATTACK=RAT-01 makes that attack alone, ATTACK="-url https://…" attacks one that runs
# make oracle   asks whether an answer or its time tells who has an account; ORACLE="-cheap -askers 8" for minutes, not an hour
# make bench    measures the program against what this machine can do; BENCH=-short for a look
# make postman  makes api/postman_collection.json from api/openapi.yaml
# make play     plays it against a demonstration
# make clean    takes bin away

GO       ?= go
ADDR     ?= 127.0.0.1:8080
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null)
BENCH    ?=
ATTACK   ?=
ORACLE   ?=
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome headless_shell headless-shell

.PHONY: demo demo-postgres build test lint check audit attack oracle linear bench postman play clean go node tools

demo: build
	@exec bin/matricula demo --addr $(ADDR)

demo-postgres: build
	@exec demo/postgres.sh bin/matricula $(ADDR)

build: go
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/matricula ./cmd/matricula

test: go tools
	$(GO) test ./...

lint: go
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "make: run gofmt -w on $$unformatted" >&2; exit 1; fi
	$(GO) vet ./...

check: lint tools
	$(GO) test -race ./...

audit: go
	@tools/audit

attack: go
	@echo "attack: building the attacks" >&2
	@$(GO) test -c -o bin/attack ./acceptance/attack && cd acceptance/attack && ATTACK_FROM="$(CURDIR)" ../../bin/attack $(ATTACK)

linear: go
	@$(GO) test -c -o bin/linear ./acceptance/linear && cd acceptance/linear && ../../bin/linear -test.v -test.timeout 0 -test.run WhatIsRevoked $(LINEAR)

oracle: go
	@$(GO) run ./acceptance/oracle $(ORACLE)

bench: go
	@$(GO) run ./bench $(BENCH)

postman: node
	@cd api/postman && npm ci --ignore-scripts --no-audit --no-fund --silent && node make.mjs

play: build node
	@cd api/postman && npm ci --ignore-scripts --no-audit --no-fund --silent && node play.mjs ../../bin/matricula

clean:
	rm -rf bin

# The version that go.mod asks for, or a later one. A Go from 1.21 up fetches it by itself.
go:
	@want=$$(sed -n 's/^go //p' go.mod); \
	if ! command -v $(GO) >/dev/null; then \
		echo "make: install Go $$want or later: https://go.dev/dl/" >&2; exit 1; fi; \
	have=$$($(GO) env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//'); \
	if [ "$$(printf '%s\n%s\n' "$$want" "$$have" | sort -V | head -n 1)" != "$$want" ]; then \
		echo "make: this is Go $$have; install Go $$want or later: https://go.dev/dl/" >&2; exit 1; fi

# For the Postman collection alone.
node:
	@command -v npm >/dev/null && [ "$$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || { \
		echo "make: the Postman collection needs Node 20 or later with npm: https://nodejs.org/" >&2; exit 1; }

# A browser for the tests of the pages, and curl for the lines that the demo prints.
tools:
	@missing=""; \
	command -v curl >/dev/null || missing=" curl"; \
	browser=""; for b in $(BROWSERS); do command -v $$b >/dev/null && browser=$$b; done; \
	[ -n "$$browser" ] || missing="$$missing chromium"; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "make: installing$$missing with apt-get"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null && exit 0; \
	fi; \
	echo "make: the tests need$$missing: install it with your system's package manager, such as: sudo apt-get install$$missing" >&2; exit 1
