SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# Specs wait rather than work: many run at once, the longest first. Each process has
# one thread that runs Go, as more of them only look for work that is not there.
PROCS ?= 150
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
	go test -race -p 8 -skip '^Test(Tune|Equal)' $$(go list ./... | grep -v -e /scenarios$$ -e /harness/tune$$)
	# To tune simulates a hundred million beats, by what package sim has under -race.
	go test ./harness/tune
	go test -run '^Test(Tune|Equal)' ./cmd/flatline

.PHONY: test-scenarios
test-scenarios: ## every scenario of the catalogue, into reports/
	status=0
	go test -c -o scenarios/scenarios.test ./scenarios
	FLATLINE_REPORTS=$(REPORTS) FLATLINE_RETRIES=$(RETRIES) FLATLINE_SHARD=$(SHARD) GOMAXPROCS=1 \
		go tool ginkgo --procs=$(PROCS) --timeout=8m --silence-skips scenarios/scenarios.test || status=$$?
	if test -e $(REPORTS)/report.md; then
		sed -n '1s/^# //p; s/^- \(Harness error\|Sum of trial times\)/\1/p' $(REPORTS)/report.md
		! grep -q '^# .*nconclusive' $(REPORTS)/report.md ||
			echo 'Inconclusive: this machine was too busy to tell; make test RETRIES=2 runs such trials again.'
	else
		echo 'No trial was run$(if $(SHARD),: shard $(SHARD) has none).'
	fi
	exit $$status

.PHONY: test-programs
test-programs: ## watch programs of others: needs ssh, sshd, redis, nc, python3
	go test -race -tags programs -run TestProgram -v ./harness ./harness/network/toxiproxy ./cmd/flatline | grep -v '^=== '

# It fails where there is neither root nor a user namespace for everybody.
.PHONY: test-kernel
test-kernel: ## the catalogue on a Linux kernel, and how faithful the proxy is to it
	go test -count=1 -tags kernel ./harness/network/kernel
	FLATLINE_REPORTS=$(REPORTS) FLATLINE_RETRIES=$(RETRIES) go test -count=1 -tags kernel -parallel 400 -timeout 8m ./scenarios/kernel

# Screenshots of the report, for people to look at, go to $FLATLINE_SCREENSHOTS.
.PHONY: test-report
test-report: ## report.html in a real browser: needs chromium
	@command -v chromium chromium-browser google-chrome >/dev/null || {
		echo 'test-report opens report.html in Chromium, and there is none: apt-get install -y chromium'
		exit 1
	}
	go test -tags browser -run 'InBrowser' ./harness/report

# One name for all that Docker makes, so that the end can see that nothing is
# left, beside other projects and other runs of this one.
PROJECT := flatline-compose-test-$(shell echo $$$$)

.PHONY: compose-test
compose-test: ## the strict scenarios across containers, into reports/: needs Docker Engine
	@docker version >/dev/null || { echo 'compose-test wants a Docker Engine that answers'; exit 1; }
	if docker compose version >/dev/null 2>&1; then compose='docker compose'
	elif command -v docker-compose >/dev/null; then compose=docker-compose
	else echo 'compose-test wants Compose: apt-get install -y docker-compose, or the plugin docker-compose-plugin'; exit 1
	fi
	export COMPOSE_PROJECT_NAME=$(PROJECT) FLATLINE_USER=$$(id -u):$$(id -g)
	mkdir -p bin reports/stock
	toxiproxy=$$(go list -m -f '{{.Version}}' github.com/Shopify/toxiproxy/v2)
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/flatline ./cmd/flatline
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X github.com/Shopify/toxiproxy/v2.Version=$${toxiproxy#v}" \
		-o bin/toxiproxy-server github.com/Shopify/toxiproxy/v2/cmd/server
	down() { $$compose --profile stock down --volumes --remove-orphans --rmi local --timeout 5; }
	trap 'down >/dev/null 2>&1' EXIT
	status=0
	$$compose --profile stock build --quiet
	$$compose up --abort-on-container-exit --exit-code-from lab lab || status=$$?
	$$compose --profile stock up --abort-on-container-exit --exit-code-from lab-stock lab-stock || status=$$((status | $$?))
	down
	trap - EXIT
	label=label=com.docker.compose.project=$(PROJECT)
	left=$$(docker ps -aq --filter $$label; docker network ls -q --filter $$label; docker volume ls -q --filter $$label; docker images -q '$(PROJECT)*')
	test -z "$$left" || { echo "left behind by compose-test: $$left"; exit 1; }
	exit $$status

.PHONY: wild
wild: ## other people's libraries under the faults: about three minutes, into scenarios/wild/RESULTS.md
	cd scenarios/wild
	go test -count=1 -parallel 200 -timeout 15m . -results RESULTS.md

.PHONY: bench
bench: ## speed and memory, as ratios where machines differ
	go test -run '^$$' -bench . -benchmem ./heartbeat/... ./harness/...

.PHONY: fuzz
fuzz: ## fuzz the frame decoder, the protocol, its datagrams and the YAML files, a minute each
	go test -run '^$$' -fuzz FuzzDecode -fuzztime 60s ./heartbeat/session
	go test -run '^$$' -fuzz 'FuzzHear$$' -fuzztime 60s ./heartbeat/session
	go test -run '^$$' -fuzz FuzzHearDatagrams -fuzztime 60s ./heartbeat/session
	go test -run '^$$' -fuzz FuzzListener -fuzztime 60s ./heartbeat/datagram
	go test -run '^$$' -fuzz FuzzLoad -fuzztime 60s ./harness/file

.PHONY: lint
lint: ## formatting, vet on three systems, golangci-lint
	test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	for os in linux darwin windows; do GOOS=$$os go vet ./...; done
	GOOS=linux go vet -tags 'kernel programs browser' ./...
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
