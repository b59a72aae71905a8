# The default target lists the others.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

export GOTOOLCHAIN := local
TAGS := containers_image_openpgp,exclude_graphdriver_btrfs
# -trimpath: what one clone has built, another one need not.
export GOFLAGS := -trimpath -buildvcs=false -tags=$(TAGS)
# A tarball has no history to read the commit from.
STAMP := -buildvcs=$(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)

PREFIX ?= /usr/local
DESTDIR ?=
MANDIR ?= $(PREFIX)/share/man
FUZZTIME ?= 60s
E2ETIME ?= 60m

VERSION := $(shell sed -n 's/^const version = "\(.*\)"$$/\1/p' cmd/paddock/internal/cli/version.go)
PAGES := $(wildcard contrib/man/*.md)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "make %-14s %s\n", $$1, $$2 }'

.PHONY: build
build: ## Build bin/paddock
	go build -trimpath $(STAMP) -o bin/paddock ./cmd/paddock

.PHONY: build-static
build-static: ## Build bin/paddock without cgo, which runs anywhere
	CGO_ENABLED=0 go build -trimpath $(STAMP) -o bin/paddock ./cmd/paddock

# make static vets. The longest goes first. The race detector makes tests some four times as slow: make test has it where goroutines are
# started, make race everywhere.
RACY := /(artifacts/(atrest|caches|dockerstore|memstore|staging)|cmd/paddock/internal/ui|tests/(faults/proxy|tally)|transports(/.*)?)$$
UNIT = -vet=off -race ./transports/registry $$(go list ./... | grep -E '$(RACY)') ++ -vet=off $$(go list ./... | grep -vE '$(RACY)')

# The end to end tests in parts, in three labs; a new test is in the last part. Jobs that share a lab wait for each other: three at the
# same time keep two processors busy. The labs are made at a higher priority, since all wait for them.
E2E := -vet=off -tags=e2e,$(TAGS) -timeout=$(E2ETIME) -count=1 ./tests/e2e
FAULTS := -vet=off -tags=faults,$(TAGS) -exec=$(CURDIR)/tests/inlab -timeout=$(E2ETIME) -count=1 ./tests/faults
PART1 := ^Test(Packagings|OldPodman)
PART2 := ^Test(Docker|Images|ImageI|ImageR|Hostile|Policy|Mirror)
PART3 := ^Test(Service|DerivedService|ImageService|Quadlet|Lab$$|Doctor)
LAB := $(or $(PADDOCK_LAB),/var/tmp/paddock-lab)

.PHONY: test
test: ## Run every test, end to end ones included, and fuzz beside them; needs root
	go run ./tests/tally -- sh 'make static' ++ sh 'nice -n -10 tests/lab/labs' ++ $(UNIT) \
		-- -run '$(PART1)' $(E2E) ++ PADDOCK_LAB=$(LAB)-2 -run '$(PART3)' $(E2E) ++ PADDOCK_LAB=$(LAB)-2 -run '$(PART2)' $(E2E) \
		++ PADDOCK_LAB=$(LAB)-3 -skip '$(PART1)|$(PART2)|$(PART3)' $(E2E) ++ PADDOCK_LAB=$(LAB)-3 $(FAULTS) ++ FUZZJOBS=2 sh 'tests/fuzz $(FUZZTIME)'

.PHONY: unit
unit: ## Run the tests of the packages; as root, those that mount too
	go run ./tests/tally $(if $(filter-out 0,$(shell id -u)),-allow-skip=.) -- $(UNIT)

.PHONY: race
race: ## Run the tests of the packages, all of them with the race detector
	go run ./tests/tally $(if $(filter-out 0,$(shell id -u)),-allow-skip=.) -- -vet=off -race ./...

.PHONY: e2e
e2e: lab ## Run the end to end tests in the lab; needs root
	go run ./tests/tally -- $(E2E)

.PHONY: bench
bench: lab ## Measure against podman, skopeo, oras and curl; needs root
	go run -exec tests/inlab ./tests/bench

.PHONY: faults
faults: lab ## Run the tests that cut, stall, spoil, kill and fill disks; needs root
	go run ./tests/tally -- $(FAULTS)

.PHONY: fuzz
fuzz: ## Fuzz each parser for FUZZTIME
	tests/fuzz $(FUZZTIME)

.PHONY: lab
lab: # A Debian root with a real Podman, registry and llama.cpp
	tests/lab/setup --docker

.PHONY: demo
demo: lab build-static ## Push, pull, serve and ask a tiny model, in the lab; needs root
	tests/demo/run

.PHONY: lint
lint: static ## Check format, vet, staticcheck, and that man pages and completions are fresh
	go test -run='Layers|Style|Sizes' ./tests
	go test -run='Man|Completion' ./cmd/paddock/internal/cli

.PHONY: static
static: # The part of lint that is no test: those run with the others in make test
	@unformatted=$$(find . -name '*.go' -not -path './bin/*' -print0 | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w wants to change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go vet -tags=e2e,faults,$(TAGS) ./tests/e2e ./tests/faults
	go tool staticcheck -tags=e2e,faults,$(TAGS) ./...

.PHONY: man
man: ## Render the manual to bin/man
	go run ./contrib/man/mkman bin/man $(PAGES)

.PHONY: completions
completions: ## Write contrib/completions from the command tree
	go run ./cmd/paddock completion bash >contrib/completions/paddock.bash
	go run ./cmd/paddock completion zsh >contrib/completions/_paddock
	go run ./cmd/paddock completion fish >contrib/completions/paddock.fish

.PHONY: install
install: build man ## Install below DESTDIR and PREFIX
	install -D -m 0755 bin/paddock $(DESTDIR)$(PREFIX)/bin/paddock
	install -d $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5
	install -m 0644 bin/man/*.1 $(DESTDIR)$(MANDIR)/man1
	install -m 0644 bin/man/*.5 $(DESTDIR)$(MANDIR)/man5
	install -D -m 0644 contrib/completions/paddock.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/paddock
	install -D -m 0644 contrib/completions/_paddock $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_paddock
	install -D -m 0644 contrib/completions/paddock.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/paddock.fish
	install -D -m 0644 contrib/models.conf $(DESTDIR)$(PREFIX)/share/containers/models.conf
	install -D -m 0644 contrib/tmpfiles.d/paddock.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/paddock.conf
	install -D -m 0644 contrib/user-tmpfiles.d/paddock.conf $(DESTDIR)$(PREFIX)/share/user-tmpfiles.d/paddock.conf

.PHONY: rpm
rpm: ## Build a source and a binary RPM in bin/rpm; needs rpmbuild
	contrib/rpm/build $(VERSION) bin/rpm

.PHONY: clean
clean: ## Remove what was built; the lab stays (tests/lab/setup --remove)
	rm -rf bin
