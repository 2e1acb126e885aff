SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# Specs wait rather than work: each gets a process of its own. Where there are
# more specs than processes, the last ones wait for the first.
PROCS ?= 165
# Trials during which the machine itself stalled tell nothing: how often to run
# such a one again. The report counts them.
RETRIES ?= 0
REPORTS ?= $(CURDIR)/reports
# One part of the scenarios, for as many machines: 1/2. Empty: all.
SHARD ?=
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: help
help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: test
test: test-unit test-scenarios ## unit tests with -race, then every scenario

.PHONY: test-unit
test-unit: ## unit tests, with the race detector
	# Many of them wait: more packages than processors run at once.
	go test -race -p 8 $$(go list ./... | grep -v /scenarios$$)

.PHONY: test-scenarios
test-scenarios: ## every scenario of the catalogue, into reports/
	status=0
	FLATLINE_REPORTS=$(REPORTS) FLATLINE_RETRIES=$(RETRIES) FLATLINE_SHARD=$(SHARD) \
		go tool ginkgo --procs=$(PROCS) --timeout=5m --silence-skips ./scenarios || status=$$?
	if test -e $(REPORTS)/report.md; then
		sed -n '1s/^# //p; s/^- \(Harness error\|Sum of trial times\)/\1/p' $(REPORTS)/report.md
	else
		echo 'No trial was run$(if $(SHARD),: shard $(SHARD) has none).'
	fi
	exit $$status

.PHONY: test-programs
test-programs: ## watch programs of others: needs ssh, sshd, redis, nc, python3
	go test -race -tags programs -run TestProgram -v ./harness ./cmd/flatline | grep -v '^=== '

# Screenshots of the report, for people to look at, go to $FLATLINE_SCREENSHOTS.
.PHONY: test-report
test-report: ## report.html in a real browser: needs chromium
	@command -v chromium chromium-browser google-chrome >/dev/null || {
		echo 'test-report opens report.html in Chromium, and there is none: apt-get install -y chromium'
		exit 1
	}
	go test -tags browser -run 'InBrowser' ./harness/report

.PHONY: wild
wild: ## other people's libraries under the faults: about three minutes, into scenarios/wild/RESULTS.md
	cd scenarios/wild
	go test -count=1 -parallel 200 -timeout 15m . -results RESULTS.md

.PHONY: bench
bench: ## speed and memory, as ratios where machines differ
	go test -run '^$$' -bench . -benchmem ./heartbeat/... ./harness/...

.PHONY: fuzz
fuzz: ## fuzz the frame decoder, the protocol and the YAML files, a minute each
	go test -run '^$$' -fuzz FuzzDecode -fuzztime 60s ./heartbeat/session
	go test -run '^$$' -fuzz FuzzHear -fuzztime 60s ./heartbeat/session
	go test -run '^$$' -fuzz FuzzLoad -fuzztime 60s ./harness/file

.PHONY: lint
lint: ## formatting, vet on three systems, golangci-lint
	test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	for os in linux darwin windows; do GOOS=$$os go vet ./...; done
	go run $(GOLANGCI) run ./...

.PHONY: lint-workflows
lint-workflows: ## the workflows of GitHub Actions
	go run $(ACTIONLINT)

# The version is what Git says, as Go records it in the binary.
.PHONY: dist
dist: ## static binaries for linux, darwin and windows, into dist/
	rm -rf dist
	for os in linux darwin windows; do
		for arch in amd64 arm64; do
			suffix=$$(test $$os != windows || echo .exe)
			CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -buildvcs=true -ldflags='-s -w' \
				-o dist/flatline-$$os-$$arch$$suffix ./cmd/flatline
		done
	done
	ls -l dist
