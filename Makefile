# bcm: `make run` starts a whole grid on this machine, `make test` tests all of
# it. Both do the set-up they need; steps that have nothing new to do are skipped.

SHELL     := /bin/bash
GO        ?= go
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X main.version=$(VERSION)
STAMPS    := .stamps
TOOLS     := $(CURDIR)/$(STAMPS)/tools
LINT      := $(TOOLS)/golangci-lint
LINT_V    := v2.15.0
HAVE_NPM  := $(shell command -v npm >/dev/null 2>&1 && echo yes)
UI_SOURCE := $(shell find ui/src ui/public -type f 2>/dev/null) $(wildcard ui/*.ts ui/*.json ui/index.html)

.PHONY: all build run test check fix ui gen bench bench-proxy clean

all: build

## build: the binaries, the console inside
build: ui
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

## run: a grid of three managers, two backup managers and two storages, until Ctrl-C
run: build
	@exec bin/bcm dev --data-dir .dev

## test: everything, as CI does it; ends with a line that counts the tests
test: $(STAMPS)/system build
	@.ci/test

## check: what a change must pass before it is looked at
check: $(LINT)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	 [ -z "$$unformatted" ] || { echo "not formatted (make fix):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(LINT) run
	$(GO) test -count=1 .
ifeq ($(HAVE_NPM),yes)
	@$(MAKE) --no-print-directory $(STAMPS)/npm
	cd ui && npm run --silent typecheck
endif

## fix: what can be mended by itself
fix: $(LINT)
	gofmt -w $$(git ls-files '*.go')
	$(LINT) run --fix

## ui: the console; without npm the binary says how to get it
ifeq ($(HAVE_NPM),yes)
ui: $(STAMPS)/ui
else
ui:
	@echo "npm was not found: building without the web console (install Node.js 20 or newer and run make again)"
endif

$(STAMPS)/npm: ui/package-lock.json
	@mkdir -p $(STAMPS)
	cd ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/ui: $(STAMPS)/npm $(UI_SOURCE)
	cd ui && npm run --silent build
	@touch $@

# What the tests use of the system. As root it is installed, else named.
$(STAMPS)/system:
	@mkdir -p $(STAMPS)
	@.ci/system && touch $@

$(LINT):
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_V)

## gen: what is generated from the API's description; leaves nothing changed when all is in step
gen: $(STAMPS)/npm
	$(GO) test ./api -run Document -update # without the command line, which needs the client
	$(GO) generate ./api/client
	cd ui && npm run --silent gen

## bench-proxy: the proxy to SEP sesam servers beside nginx
bench-proxy: build
	@bin/bcmbench -only proxy

## bench: figures beside the goals; takes some minutes
bench: build
	@bin/bcmbench

## clean: all that was built, and the grid that make run left
clean:
	rm -rf bin $(STAMPS) ui/node_modules .dev
	find ui/dist -mindepth 1 ! -name .gitkeep -delete 2>/dev/null || true
