package scaffolding

import (
	"context"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// operated writes the chart of a repository whose Secrets an operator makes.
func operated(t *testing.T, secrets convention.Secrets) string {
	t.Helper()
	conv := canonical()
	conv.Secrets = secrets
	chart, err := Generate(context.Background(), conv, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, chart)
}

// operatorSecret is the Secret that the operator makes.
const operatorSecret = "rel-livekit-operator-keys"

const operatorOn = "keys: {operator: {enabled: true}}"

// The examples have the shape that the operators' custom resource definitions
// ask for, with what the repository says of its store.
func TestOperatorsObject(t *testing.T) {
	const entries = `data:
- remoteRef:
    key: livekit
    property: LIVEKIT_API_KEY
  secretKey: LIVEKIT_API_KEY
- remoteRef:
    key: livekit
    property: LIVEKIT_API_SECRET
  secretKey: LIVEKIT_API_SECRET
`
	const store = "secretStoreRef:\n  kind: ClusterSecretStore\n  name: secret-store"
	vault := map[string]any{"refreshInterval": "15m", "secretStoreRef": map[string]any{"name": "vault"}}
	for name, c := range map[string]struct {
		secrets          convention.Secrets
		values           string
		kind, apiVersion string
		spec             string
	}{
		"External Secrets": {
			convention.Secrets{Mechanism: convention.SecretsExternal}, operatorOn,
			"ExternalSecret", "external-secrets.io/v1", entries + "refreshInterval: 1h\n" + store,
		},
		// A store without a kind is a SecretStore, not the example's.
		"External Secrets as siblings have it": {
			convention.Secrets{Mechanism: convention.SecretsExternal, APIVersion: "external-secrets.io/v1beta1",
				Spec: vault}, operatorOn,
			"ExternalSecret", "external-secrets.io/v1beta1",
			entries + "refreshInterval: 15m\nsecretStoreRef:\n  name: vault",
		},
		"another's ExternalSecret": {
			convention.Secrets{Mechanism: convention.SecretsExternal, APIVersion: "kubernetes-client.io/v1",
				Spec: map[string]any{"backendType": "vault"}}, operatorOn,
			"ExternalSecret", "external-secrets.io/v1", entries + "refreshInterval: 1h\n" + store,
		},
		"1Password": {
			convention.Secrets{Mechanism: convention.SecretsOnePassword}, operatorOn,
			"OnePasswordItem", "onepassword.com/v1", "itemPath: vaults/kubernetes/items/livekit",
		},
		"1Password as siblings have it": {
			convention.Secrets{Mechanism: convention.SecretsOnePassword,
				Spec: map[string]any{"itemPath": "vaults/homelab/items/{name}"}}, operatorOn,
			"OnePasswordItem", "onepassword.com/v1", "itemPath: vaults/homelab/items/livekit",
		},
		"Sealed Secrets": {
			convention.Secrets{Mechanism: convention.SecretsSealed},
			"keys: {operator: {enabled: true, spec: {encryptedData: {LIVEKIT_API_KEY: AgA, LIVEKIT_API_SECRET: AgB}}}}",
			"SealedSecret", "bitnami.com/v1alpha1",
			"encryptedData:\n  LIVEKIT_API_KEY: AgA\n  LIVEKIT_API_SECRET: AgB\ntemplate:\n  type: Opaque",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := operated(t, c.secrets)
			o := rendered(t, dir, c.values)
			id := c.kind + "/" + operatorSecret
			if got := field(t, o, id, "apiVersion"); got != c.apiVersion {
				t.Errorf("apiVersion is %s, want %s", got, c.apiVersion)
			}
			if got := field(t, o, id, "spec"); got != c.spec {
				t.Errorf("spec is\n%s\nwant\n%s", got, c.spec)
			}
			for i, key := range []string{"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"} {
				ref := server("env", []string{"1", "2"}[i], "valueFrom", "secretKeyRef")
				if got, want := field(t, o, "Deployment/rel-livekit", ref...),
					"key: "+key+"\nname: "+operatorSecret; got != want {
					t.Errorf("the server takes\n%s\nwant\n%s", got, want)
				}
			}
			for _, words := range []string{
				"get secret " + operatorSecret, "get " + strings.ToLower(c.kind) + " " + operatorSecret,
				"rollout restart deployment rel-livekit",
			} {
				if text := notes(t, dir, c.values); !strings.Contains(text, words) {
					t.Errorf("the notes do not have %q:\n%s", words, text)
				}
			}
			for id := range o {
				if strings.HasPrefix(id, "Secret/") {
					t.Errorf("the chart makes %s", id)
				}
			}
			// Until it is switched on, the chart makes the keys, as any other does.
			plain := rendered(t, dir, "")
			if _, ok := plain["Secret/rel-livekit-keys"]; !ok {
				t.Error("the default install makes no keys")
			}
			if _, ok := plain[id]; ok {
				t.Errorf("the default install makes %s", id)
			}
			if strings.Contains(notes(t, dir, ""), "operator") {
				t.Error("the notes of the default install speak of an operator")
			}
		})
	}
}

func TestOperatorsKeyFile(t *testing.T) {
	o := rendered(t, operated(t, convention.Secrets{Mechanism: convention.SecretsExternal}),
		"keys: {fileEntry: keys.yaml, operator: {enabled: true, annotations: {a: b}, spec: {data: [{secretKey: "+
			"keys.yaml, remoteRef: {key: livekit}}]}}}")
	if got := field(t, o, "Deployment/rel-livekit", pod("volumes", "1",
		"secret")...); got != "defaultMode: 288\nitems:\n- key: keys.yaml\n"+
		"  path: keys.yaml\nsecretName: "+operatorSecret {
		t.Errorf("the key file comes from\n%s", got)
	}
	if got := field(t, o, "ExternalSecret/"+operatorSecret, "metadata", "annotations"); got != "a: b" {
		t.Errorf("annotations are %s", got)
	}
}

// What the operator is told is all that the chart knows of the keys.
func TestOperatorsSpecRollsThePod(t *testing.T) {
	dir := operated(t, convention.Secrets{Mechanism: convention.SecretsExternal})
	sum := func(values string) string {
		return field(t, rendered(t, dir, values), "Deployment/rel-livekit", "spec", "template", "metadata",
			"annotations", "checksum/keys")
	}
	before := sum(operatorOn)
	if before == "null" {
		t.Fatal("there is no checksum of the keys")
	}
	if sum("keys: {operator: {enabled: true, spec: {refreshInterval: 5m}}}") != before {
		t.Error("how often the store is asked rolls the pod")
	}
	if sum("keys: {operator: {enabled: true, spec: {dataFrom: [{extract: {key: livekit}}]}}}") == before {
		t.Error("other keys do not roll the pod")
	}
}

func TestOperatorsRefusals(t *testing.T) {
	external := operated(t, convention.Secrets{Mechanism: convention.SecretsExternal})
	sealed := operated(t, convention.Secrets{Mechanism: convention.SecretsSealed})
	const secret = "correct-horse-battery-staple-and-more"
	for name, c := range map[string]struct {
		dir, values string
		words       []string
	}{
		"beside given keys": {external, "keys: {values: {a: " + secret + "}, operator: {enabled: true}}",
			[]string{"keys.operator.enabled", "keys.values"}},
		"beside a Secret": {external, "keys: {existingSecret: mine, operator: {enabled: true}}",
			[]string{"keys.operator.enabled", "keys.existingSecret"}},
		"beside keys of the config": {external,
			"keys: {operator: {enabled: true}}\nconfig: {keys: {a: " + secret + "}}",
			[]string{"keys.operator.enabled", "config.keys"}},
		"another Secret": {external, "keys: {operator: {enabled: true, spec: {target: {name: mine}}}}",
			[]string{"target.name", "mine", operatorSecret}},
		"nothing sealed yet": {sealed, operatorOn,
			[]string{"encryptedData.LIVEKIT_API_KEY", "encryptedData.LIVEKIT_API_SECRET", "kubeseal",
				"--name " + operatorSecret}},
		"an entry of no Secret": {external, "keys: {fileEntry: keys.yaml}",
			[]string{"keys.fileEntry", "keys.existingSecret", "keys.operator.enabled"}},
		"no kind":            {external, "keys: {operator: {kind: ''}}", []string{"/keys/operator/kind"}},
		"a key that is none": {external, "keys: {operator: {enable: true}}", []string{"enable"}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.dir, parse(t, c.values), c.words...) })
	}
	// A target that leaves the name alone is nobody's fault.
	rendered(t, external, "keys: {operator: {enabled: true, spec: {target: {creationPolicy: Orphan}}}}")
	rendered(t, external, "keys: {operator: {enabled: true, spec: {target: null}}}")
}
