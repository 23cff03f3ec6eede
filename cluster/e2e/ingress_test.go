package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Signalling goes through a real ingress controller, the upgrade to a WebSocket and
// TLS with it.
func TestIngress(t *testing.T) {
	b := place(t, "ingress: through Traefik, with TLS")
	traefik := os.Getenv("TRAEFIK_BIN")
	if traefik == "" {
		b.Skip("TRAEFIK_BIN names no Traefik: cluster/e2e/traefik/build makes one; it must reach the pods' " +
			"addresses from here")
	}
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply(tlsSecret("livekit-tls", "localhost"))
	web, secure := freePort(t), freePort(t)
	b.startTraefik(traefik, web, secure)
	values := b.values(fmt.Sprintf("ingress: {annotations: {kubernetes.io/ingress.class: %s}, hosts: [{host: "+
		"localhost, paths: [{path: /, pathType: Prefix}]}], tls: [{secretName: livekit-tls, hosts: [localhost]}]}",
		b.namespace))
	r, code, stderr := b.verify(chart, "--reuse", "--keep", "-f", values)
	if code != 0 {
		b.Fatalf("exit code %d\n%s\n%s", code, r.failures(), stderr)
	}
	if _, detail := r.check("ingress-served"); !strings.Contains(detail, "Ingress livekit for localhost is served") {
		b.Errorf("ingress-served: %s", detail)
	}
	ca := filepath.Join(b.dir, "ca.pem")
	if err := os.WriteFile(ca, []byte(b.secretEntry("livekit-tls", "ca.crt")), 0o600); err != nil {
		b.Fatal(err)
	}
	var proven []string
	for _, url := range []string{fmt.Sprintf("ws://localhost:%d", web), fmt.Sprintf("wss://localhost:%d", secure)} {
		c := b.call("--url", url, "--ca-file", ca, "--media", "udp", "--hold", "3s")
		b.waitUntilDone(c)
		if c.err != nil || !c.result.OK {
			b.Errorf("%s: %v %+v\n%s", url, c.err, c.result, c.stderr)
			continue
		}
		proven = append(proven, url[:strings.Index(url, ":")]+" "+b.pathsOf(c))
	}
	b.row.call = strings.Join(proven, ", ")
}

// startTraefik serves the Ingresses of the case's namespace, as a process of this
// machine.
func (b *bench) startTraefik(file string, web, secure int) {
	b.Helper()
	cmd := b.command(b.Context(), file,
		"--global.checknewversion=false", "--global.sendanonymoususage=false", "--log.level=INFO",
		fmt.Sprintf("--entrypoints.web.address=127.0.0.1:%d", web),
		fmt.Sprintf("--entrypoints.secure.address=127.0.0.1:%d", secure), "--entrypoints.secure.http.tls=true",
		"--providers.kubernetesingress=true", "--providers.kubernetesingress.namespaces="+b.namespace,
		"--providers.kubernetesingress.ingressclass="+b.namespace,
		"--providers.kubernetesingress.ingressendpoint.ip=127.0.0.1")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b.Failed() {
			b.Logf("Traefik said:\n%s", log.String())
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
