// Package e2e is the end-to-end suite: scaffolded charts on a real cluster, by the
// commands that users run. Its tests are skipped unless HELM_LIVEKIT_E2E is set; see
// docs/e2e.md.
package e2e
