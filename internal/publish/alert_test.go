package publish

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A registry that wants a client's certificate says so once: trying again does
// not give one.
func TestAlertIsFinal(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}
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
