package diagnose

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

// secrets are the values in a namespace's Secrets, which nothing that is printed may
// hold.
type secrets struct {
	names   map[string]bool // of the Secrets
	unknown bool            // they may not be listed
	values  []string        // the longest first: one may hold another
}

// Cleaner gives what takes the values of a namespace's Secrets out of a text. Where
// Secrets may not be listed, it gives back nothing of it.
func Cleaner(ctx context.Context, client kubernetes.Interface, namespace string) func(string) string {
	s := readSecrets(ctx, client, namespace)
	return s.clean
}

func readSecrets(ctx context.Context, client kubernetes.Interface, namespace string) *secrets {
	list, err := client.CoreV1().Secrets(namespace).List(ctx, meta.ListOptions{})
	if err != nil {
		return &secrets{unknown: true}
	}
	s := &secrets{names: map[string]bool{}}
	for _, secret := range list.Items {
		s.names[secret.Name] = true
		for _, value := range secret.Data {
			s.take(string(value))
		}
	}
	slices.SortFunc(s.values, func(a, b string) int { return len(b) - len(a) })
	s.values = slices.Compact(s.values)
	return s
}

// take notes a value as it stands, each of its lines, and the texts in it where it is
// YAML, JSON, NAME=VALUE or an address with a password.
func (s *secrets) take(value string) {
	s.add(value)
	for line := range strings.Lines(value) {
		s.add(line)
		if _, after, ok := strings.Cut(line, "="); ok {
			s.add(after)
		}
		if u, err := url.Parse(strings.TrimSpace(line)); err == nil && u.User != nil {
			password, _ := u.User.Password()
			s.add(password)
		}
	}
	var document any
	if yaml.Unmarshal([]byte(value), &document) == nil {
		s.addTexts("", document)
	}
}

// plain are keys of LiveKit's configuration whose values are no secrets, and tell what
// is wrong.
var plain = []string{"address", "addr", "host", "domain", "level", "node_ip", "cert_file", "key_file", "username",
	"protocol", "urls"}

// addTexts notes the texts in a document.
func (s *secrets) addTexts(key string, document any) {
	switch d := document.(type) {
	case map[string]any:
		for k, v := range d {
			s.addTexts(k, v)
		}
	case []any:
		for _, v := range d {
			s.addTexts(key, v)
		}
	case string:
		if !slices.Contains(plain, key) {
			s.add(d)
		}
	}
}

// add notes one value. What is shorter would hide ordinary words, and no secret.
func (s *secrets) add(value string) {
	const telling = 5
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	if len(value) >= telling {
		s.values = append(s.values, value)
	}
}

func (s *secrets) clean(text string) string {
	if s.unknown {
		return ""
	}
	for _, value := range s.values {
		text = strings.ReplaceAll(text, value, "(hidden)")
	}
	return credentials.ReplaceAllString(text, "://(hidden)@")
}

// credentials are a name and a password in an address.
var credentials = regexp.MustCompile(`://[^\s/@"']+@`)
