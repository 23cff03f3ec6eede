package oci

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A registry that wants a client's certificate says so once: trying again does
// not give one.
func TestAlertIsFinal(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12,
		MaxVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	_, err := client.Get(server.URL)
	if err == nil {
		t.Fatal("the server takes clients without a certificate")
	}
	if !isLasting(err) {
		t.Errorf("%v would be tried again", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "7": 7 * time.Second, " 8 ": 8 * time.Second, "soon": 0,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q is %s, not %s", header, got, want)
		}
	}
	if got := retryAfter("99999999999999", now); got <= 0 {
		t.Errorf("a long time is %s", got)
	}
}

func TestInterruptionEndsAWait(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var notes strings.Builder
	r := &Retry{Tries: 3, Wait: time.Hour, Notes: &notes, Secrets: &Secrets{}}
	time.AfterFunc(20*time.Millisecond, cancel)
	started := time.Now()
	err := r.Do(ctx, "try", func(context.Context) error { return fmt.Errorf("broken connection") })
	if err == nil || ctx.Err() == nil || time.Since(started) > 2*time.Second {
		t.Errorf("after %s: %v", time.Since(started), err)
	}
	if !strings.HasPrefix(notes.String(), "Trying again in ") || r.Again() != 1 {
		t.Errorf("it says %q, and tried %d times again", notes.String(), r.Again())
	}
}

// What asks for more time than there is fails at once, and says how long it would
// have been.
func TestWaitThatIsTooLong(t *testing.T) {
	var notes strings.Builder
	r := &Retry{Tries: 3, Wait: time.Hour, Notes: &notes, Secrets: &Secrets{}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := r.Do(ctx, "read it", func(context.Context) error { return &StatusError{503} })
	var failed *Error
	if !errors.As(err, &failed) || failed.Wait < time.Hour || err.Error() != "read it: the server answers 503 "+
		"Service Unavailable" {
		t.Errorf("got %#v", err)
	}
}

// What may pass is told from what stays.
func TestMayPass(t *testing.T) {
	for err, want := range map[error]bool{
		&StatusError{404}: false, &StatusError{429}: true, &StatusError{501}: false, &StatusError{502}: true,
		ErrDowngrade: false, ErrTagPages: false, &http.MaxBytesError{Limit: 1}: false, &DigestError{}: false,
		shorten(errors.New("no token in bearer response:\n{}")): false,
		errors.New("broken"): true, context.Canceled: false,
	} {
		if got := mayPass(fmt.Errorf("it: %w", err)); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}
