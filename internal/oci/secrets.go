package oci

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Secrets are the credentials that went by, to be kept out of what is printed: a registry may send them back in an
// error. It is safe for several goroutines.
type Secrets struct {
	mu    sync.Mutex
	known []string // longest first
}

// add takes a secret, and the forms in which it may be sent.
func (s *Secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range values {
		encoded := base64.StdEncoding.EncodeToString([]byte(value))
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), encoded} {
			// Shorter ones stand in every other word.
			if len(form) > 3 && !slices.Contains(s.known, form) {
				s.known = append(s.known, form)
			}
		}
	}
	slices.SortFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

// addHeader takes the secrets of an Authorization header.
func (s *Secrets) addHeader(authorization string) {
	scheme, value, _ := strings.Cut(authorization, " ")
	s.add(value)
	if !strings.EqualFold(scheme, "basic") {
		return
	}
	if decoded, err := base64.StdEncoding.DecodeString(value); err == nil {
		_, password, _ := strings.Cut(string(decoded), ":")
		s.add(password)
	}
}

// Clean gives a text without the secrets.
func (s *Secrets) Clean(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret, "REDACTED")
	}
	return text
}

// CleanError gives an error whose text is clean, with err in its chain.
func (s *Secrets) CleanError(err error) error { return withText(s.Clean(err.Error()), err) }

// withText gives an error with another text, and err in its chain.
func withText(text string, err error) error { return &reworded{text, err} }

type reworded struct {
	text string
	err  error
}

func (r *reworded) Error() string { return r.text }
func (r *reworded) Unwrap() error { return r.err }
