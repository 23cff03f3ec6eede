package call

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
)

const (
	testKey    = "devkey"
	testSecret = "0123456789abcdef0123456789abcdef"
	turnDomain = "turn.example.com"
)

// liveServer is a real LiveKit server on the loopback address.
type liveServer struct {
	dir                           string
	port, tcp, udp, turnTLS, turn int
	cmd                           *exec.Cmd
	log                           *bytes.Buffer
	certificate                   *x509.Certificate
}

// startServer runs the binary that LIVEKIT_SERVER_BIN names. edit changes the
// configuration beforehand.
func startServer(t *testing.T, edit func(config string) string) *liveServer {
	t.Helper()
	if os.Getenv("LIVEKIT_SERVER_BIN") == "" {
		t.Skip("LIVEKIT_SERVER_BIN names no LiveKit server")
	}
	s := &liveServer{dir: t.TempDir()}
	s.port, s.tcp, s.turnTLS = freeTCP(t), freeTCP(t), freeTCP(t)
	s.udp, s.turn = freeUDP(t), freeUDP(t)
	s.certify(t)
	config := fmt.Sprintf(`
port: %d
bind_addresses: [127.0.0.1]
keys: {%s: %q}
rtc:
  node_ip: 127.0.0.1
  enable_loopback_candidate: true
  interfaces: {includes: [lo]} # or the candidate would be that of another interface under this address
  tcp_port: %d
  udp_port: %d
turn:
  enabled: true
  domain: %s
  cert_file: %s
  key_file: %s
  tls_port: %d
  udp_port: %d
  allow_restricted_peer_cidrs: [127.0.0.0/8]
`, s.port, testKey, testSecret, s.tcp, s.udp, turnDomain, s.file("cert.pem"), s.file("key.pem"), s.turnTLS, s.turn)
	if edit != nil {
		config = edit(config)
	}
	if !s.restricts(t) {
		config = strings.ReplaceAll(config, "  allow_restricted_peer_cidrs", "  # allow_restricted_peer_cidrs")
	}
	if err := os.WriteFile(s.file("config.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

// restricts says whether the server's TURN keeps off private addresses: since 1.12,
// and the key for exceptions is unknown to older ones.
func (s *liveServer) restricts(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command(os.Getenv("LIVEKIT_SERVER_BIN"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major, minor int
	words := strings.Fields(string(out))
	if _, err := fmt.Sscanf(words[len(words)-1], "%d.%d", &major, &minor); err != nil {
		t.Fatalf("%q has no version", out)
	}
	return major > 1 || minor >= 12
}

func (s *liveServer) file(name string) string { return filepath.Join(s.dir, name) }

func (s *liveServer) start(t *testing.T) {
	t.Helper()
	s.log = &bytes.Buffer{}
	s.cmd = exec.Command(os.Getenv("LIVEKIT_SERVER_BIN"), "--config", s.file("config.yaml"))
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 { // 30 s: other tests may have the machine
		time.Sleep(50 * time.Millisecond)
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", s.port))
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	s.stop()
	t.Fatalf("the server does not answer:\n%s", s.log)
}

func (s *liveServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// certify writes a self-signed certificate for the TURN server.
func (s *liveServer) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: turnDomain}, DNSNames: []string{turnDomain},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if s.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der},
		"key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(s.file(name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// trusting is TLS that knows the server's certificate.
func (s *liveServer) trusting() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.certificate)
	return &tls.Config{RootCAs: pool}
}

func (s *liveServer) url() string { return fmt.Sprintf("ws://127.0.0.1:%d", s.port) }

// options are those of a call to the server.
func (s *liveServer) options(t *testing.T, kinds string) Options {
	t.Helper()
	o := options(t, s.url(), kinds)
	o.TLS, o.TURNTLSAddress = s.trusting(), fmt.Sprintf("127.0.0.1:%d", s.turnTLS)
	return o
}

func options(t *testing.T, url, kinds string) Options {
	t.Helper()
	list, err := media.ParseKinds(kinds)
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Servers: []*signal.Server{server(t, url, testKey, testSecret)}, Room: "room-" + rand.Text()[:6], Kinds: list,
		Participants: 2, Timeout: 15 * time.Second, TLS: &tls.Config{}, Progress: t.Logf, Debug: t.Logf,
	}
}

func server(t *testing.T, url, key, secret string) *signal.Server {
	t.Helper()
	s, err := signal.NewServer(url, signal.Credentials{Key: key, Secret: secret}, &tls.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func expect(t *testing.T, addresses, ports string) media.Expect {
	t.Helper()
	e, err := media.ParseExpect(addresses, ports)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// freeTCP and freeUDP choose below the ports that Linux hands out by itself: one of
// those may be somebody's before the server has it.
func freeTCP(t *testing.T) int {
	t.Helper()
	return freePort(t, func(address string) (io.Closer, error) { return net.Listen("tcp", address) })
}

func freeUDP(t *testing.T) int {
	t.Helper()
	return freePort(t, func(address string) (io.Closer, error) { return net.ListenPacket("udp", address) })
}

func freePort(t *testing.T, listen func(address string) (io.Closer, error)) int {
	t.Helper()
	const from, to = 10000, 30000
	for range 100 {
		port := from + mathrand.IntN(to-from)
		if l, err := listen(fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// wire is a TCP proxy whose connections can be cut.
type wire struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	conns    []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: to}
	t.Cleanup(func() { l.Close(); w.cut() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			w.join(from)
		}
	}()
	return w
}

func (w *wire) join(from net.Conn) {
	to, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", w.to)
	if err != nil {
		from.Close()
		return
	}
	w.mu.Lock()
	w.conns = append(w.conns, from, to)
	w.mu.Unlock()
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = pair[0].(*net.TCPConn).WriteTo(pair[1])
			pair[0].Close()
			pair[1].Close()
		}()
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *wire) url() string { return "ws://" + w.listener.Addr().String() }

func replace(old, new string) func(string) string {
	return func(config string) string { return strings.ReplaceAll(config, old, new) }
}
