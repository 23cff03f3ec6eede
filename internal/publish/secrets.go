package publish

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// secrets are the credentials that went by, to be kept out of what is
// printed: a registry may send them back in an error.
type secrets struct {
	mu    sync.Mutex
	known []string // longest first
}

// add takes a secret, and the forms in which it may be sent.
func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range values {
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), base64.StdEncoding.EncodeToString([]byte(value))} {
			// Shorter ones stand in every other word.
			if len(form) > 3 && !slices.Contains(s.known, form) {
				s.known = append(s.known, form)
			}
		}
	}
	slices.SortFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

// addHeader takes the secrets of an Authorization header.
func (s *secrets) addHeader(authorization string) {
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

// clean gives a text without the secrets.
func (s *secrets) clean(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret, "REDACTED")
	}
	return text
}

// cleanError gives an error whose text is clean, with err in its chain.
func (s *secrets) cleanError(err error) error {
	if err == nil {
		return nil
	}
	return &cleaned{s.clean(err.Error()), err}
}

type cleaned struct {
	text string
	err  error
}

func (c *cleaned) Error() string { return c.text }
func (c *cleaned) Unwrap() error { return c.err }
