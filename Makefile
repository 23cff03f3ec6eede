.DEFAULT_GOAL := help

PLUGIN_VERSION := $(shell sed -n 's/^version:[[:space:]]*//p' plugin.yaml)
LDFLAGS := -s -w -X github.com/helm-livekit/helm-livekit/internal/cli.version=$(PLUGIN_VERSION)
# Inlined copies of functions that Kubernetes generates are 2 MB of the plugin, and nothing waits for them.
GCFLAGS := k8s.io/...=-l

.PHONY: help
help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/helm-livekit
	CGO_ENABLED=0 go build -trimpath -gcflags "$(GCFLAGS)" -ldflags "$(LDFLAGS)" -o bin/helm-livekit .

.PHONY: cluster
cluster: ## Build bin/helm-livekit-cluster, for verify --install
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(PLUGIN_VERSION)" -o bin/helm-livekit-cluster ./cluster/helm-livekit-cluster

.PHONY: test
test: ## Run the tests (HELM3_BIN and HELM4_BIN add those under real Helms)
	go test ./...

.PHONY: lint
lint: ## Run what CI runs, the tests and the cluster aside
	.ci/run gofmt vet golangci-lint shellcheck configschema

.PHONY: fmt
fmt: ## Format the Go files
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

.PHONY: install
install: build cluster ## Install this checkout as the plugin livekit, as a link
	helm plugin uninstall livekit >/dev/null 2>&1 || true
	HELM_LIVEKIT_SKIP_INSTALL=1 helm plugin install .

.PHONY: e2e
e2e: ## Run the end-to-end suite on the cluster of KUBECONFIG
	HELM_LIVEKIT_E2E=1 go test -count=1 -timeout 30m -v ./cluster/e2e

.PHONY: update-golden
update-golden: ## Write the golden files anew; look at the diff before you commit
	go test ./internal/scaffolding ./internal/convert ./internal/report -update

.PHONY: livekit
livekit: ## Add VERSION, or several, of livekit-server to those that are known
	cd hack/configschema && go run . -add "$(VERSION)"
	go test ./internal/livekit -update

.PHONY: generate
generate: ## Read all known versions of livekit-server again (takes an hour)
	cd hack/configschema && go run . -all && go run .
	go test ./internal/livekit -update

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist
