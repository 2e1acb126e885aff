SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# Specs wait rather than work: each gets a process of its own. Where there are
# more specs than processes, the last ones wait for the first.
PROCS ?= 120
# Trials during which the machine itself stalled tell nothing: how often to run
# such a one again. The report counts them.
RETRIES ?= 0
REPORTS ?= $(CURDIR)/reports
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: help
help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: test
test: test-unit test-scenarios ## unit tests with -race, then every scenario

.PHONY: test-unit
test-unit: ## unit tests, with the race detector
	go test -race $$(go list ./... | grep -v /scenarios$$)

.PHONY: test-scenarios
test-scenarios: ## every scenario of the catalogue, into reports/
	status=0
	FLATLINE_REPORTS=$(REPORTS) FLATLINE_RETRIES=$(RETRIES) \
		go tool ginkgo --procs=$(PROCS) --timeout=5m --silence-skips ./scenarios || status=$$?
	sed -n '1s/^# //p; s/^- \(Harness error\|Sum of trial times\)/\1/p' $(REPORTS)/report.md
	exit $$status

.PHONY: wild
wild: ## other people's libraries under the faults: about three minutes, into scenarios/wild/RESULTS.md
	cd scenarios/wild
	go test -count=1 -parallel 200 -timeout 15m . -results RESULTS.md

.PHONY: bench
bench: ## speed and memory, as ratios where machines differ
	go test -run '^$$' -bench . -benchmem ./heartbeat/... ./harness/...

.PHONY: fuzz
fuzz: ## fuzz the frame decoder and the YAML files, a minute each
	go test -run '^$$' -fuzz FuzzDecode -fuzztime 60s ./heartbeat/session
	go test -run '^$$' -fuzz FuzzLoad -fuzztime 60s ./harness/file

.PHONY: lint
lint: ## formatting, vet on three systems, golangci-lint
	test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	for os in linux darwin windows; do GOOS=$$os go vet ./...; done
	go run $(GOLANGCI) run ./...
