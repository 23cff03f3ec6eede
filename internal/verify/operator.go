package verify

import (
	"fmt"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// madeEntry looks for the object of the chart from which an operator makes a
// Secret, and reports whether the Secret will lack an entry, as far as the
// object says which ones it has.
func (s *subject) madeEntry(secret, key string) (maker string, lacks bool) {
	for _, o := range s.objects {
		if secretMadeFrom(o) != secret {
			continue
		}
		entries, isKnown := madeEntries(o)
		return fmt.Sprintf("%s %s", o.Kind(), o.Name()), isKnown && !entries[key]
	}
	return "", false
}

// secretMadeFrom names the Secret that an operator makes from an object, "" for
// objects of other kinds. External Secrets alone can give it another name.
func secretMadeFrom(o manifest.Object) string {
	switch o.Kind() {
	case "ExternalSecret":
		if name := o.Text("spec", "target", "name"); name != "" {
			return name
		}
		return o.Name()
	case "SealedSecret", "OnePasswordItem":
		return o.Name()
	}
	return ""
}

// madeEntries gives the entries of the Secret, where the object lists them all:
// an item of 1Password, a whole secret of a store (dataFrom) and a template
// give more than the object shows.
func madeEntries(o manifest.Object) (entries map[string]bool, isKnown bool) {
	entries = map[string]bool{}
	switch o.Kind() {
	case "SealedSecret":
		for key := range o.TextMap("spec", "encryptedData") {
			entries[key] = true
		}
		for key := range o.TextMap("spec", "template", "data") {
			entries[key] = true
		}
		return entries, true
	case "ExternalSecret":
		for _, item := range o.List("spec", "data") {
			m, _ := item.(map[string]any)
			key, _ := m["secretKey"].(string)
			entries[key] = true
		}
		isMore := len(o.List("spec", "dataFrom")) > 0 || o.Get("spec", "target", "template") != nil ||
			o.Text("spec", "target", "creationPolicy") == "Merge"
		return entries, !isMore
	}
	return nil, false
}

// whence says of a text that the chart does not show when it is there.
func (v setting) whence() string {
	if v.maker != "" {
		return fmt.Sprintf("%s, which an operator makes from %s", v.from, v.maker)
	}
	return v.from + ", which must be there before the install"
}
