package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/call"
	"github.com/helm-livekit/helm-livekit/cluster/internal/forward"
	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// The environment variables of the API key: flags are seen by everyone on the machine.
const (
	keyVariable    = "LIVEKIT_API_KEY"
	secretVariable = "LIVEKIT_API_SECRET"
)

// settings are what the command line says.
type settings struct {
	options call.Options
	urls    []string
	forward forward.Target // signalling; the name is empty for none
	turnTLS forward.Target // TURN over TLS, likewise
	json    bool

	credentials signal.Credentials
	getenv      func(string) string
}

// words is a flag that can be given several times.
type words []string

func (w *words) String() string { return strings.Join(*w, ",") }

// Set adds a word.
func (w *words) Set(word string) error {
	*w = append(*w, word)
	return nil
}

const usage = `Lets participants join a room on a LiveKit server over WebRTC, lets them exchange audio and data, and
says which ways of media were proven.

Through --port-forward signalling alone is proven, and TURN over TLS with --turn-tls-forward; other ways of
media need the nodes' addresses. The cluster is that of KUBECONFIG and HELM_KUBECONTEXT.

The API key and its secret are read from LIVEKIT_API_KEY and LIVEKIT_API_SECRET.

Exit codes: 0 all asked ways are proven; 1 the work could not be done; 2 a way is not proven.

Examples:
  helm-livekit-cluster call --url ws://livekit.example.com
  helm-livekit-cluster call --url ws://192.0.2.10:30780 --media udp,tcp --expect-address 192.0.2.10 -o json
  helm-livekit-cluster call --url ws://10.1.0.4:7880 --url ws://10.1.0.5:7880 --nodes-differ
  helm-livekit-cluster call --url ws://livekit.example.com --media udp --hold 2m --max-gap 5s

Flags:
`

// texts are flags whose values are read after all flags are known.
type texts struct {
	urls                            words
	kinds, addresses, ports, output string
	signalling, turnTLS             string
	caFile, tcpAddress              string
	insecure, quiet, debug          bool
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (settings, error) {
	s := settings{getenv: getenv}
	var t texts
	flags := defineFlags(&s.options, &t)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if err := s.read(t); err != nil {
		return s, err
	}
	o := &s.options
	o.Room = cmp.Or(o.Room, "helm-livekit-"+strings.ToLower(rand.Text()[:10]))
	o.Progress, o.Debug = lines(stderr, !t.quiet), lines(stderr, t.debug)
	s.urls = t.urls
	s.credentials = signal.Credentials{Key: getenv(keyVariable), Secret: getenv(secretVariable)}
	return s, s.validate()
}

func defineFlags(o *call.Options, t *texts) *flag.FlagSet {
	flags := flag.NewFlagSet("helm-livekit-cluster call", flag.ContinueOnError)
	flags.Var(&t.urls, "url", "`address` of signalling, ws:// or wss://; given twice, participants take them in turn")
	flags.StringVar(&o.Room, "room", "",
		"`name` of the room; one that was there before is not deleted (default: a random name)")
	flags.StringVar(&t.kinds, "media", "auto", "`ways` of media, a call for each: auto, udp, tcp, turn-udp, turn-tls")
	flags.StringVar(&t.addresses, "expect-address", "",
		"`IP[,IP]` that media must arrive at; other addresses do not count. Not for turn-tls, which has a name")
	flags.StringVar(&t.ports, "expect-ports", "",
		"`ports` that media must arrive at: 7882, 7882/udp, 50000-60000/udp, several with commas between them")
	flags.IntVar(&o.Participants, "participants", 2, "`number` of participants")
	flags.DurationVar(&o.Timeout, "timeout", 20*time.Second, "time limit of each call, the hold aside")
	flags.DurationVar(&o.Hold, "hold", 0, "keep the call for this `time`, and tell of gaps and reconnections")
	flags.DurationVar(&o.MaxGap, "max-gap", 0,
		"with --hold, the longest `time` without audio that is fine (default: any)")
	flags.BoolVar(&o.NodesDiffer, "nodes-differ", false, "fail unless each --url leads to a server node of its own")
	flags.StringVar(&o.TURNTLSAddress, "turn-tls-address", "",
		"`host:port` to reach TURN over TLS at, in the place of the advertised name and port 443")
	flags.StringVar(&t.signalling, "port-forward", "",
		"`NAMESPACE/SERVICE_OR_POD:PORT` of signalling, reached through the Kubernetes API in the place of --url")
	flags.StringVar(&t.turnTLS, "turn-tls-forward", "", "`NAMESPACE/SERVICE_OR_POD:PORT` of TURN over TLS, the like")
	flags.StringVar(&t.tcpAddress, "tcp-address", "",
		"`IP:port` to reach media over TCP at, in the place of the advertised address")
	flags.StringVar(&t.caFile, "ca-file", "",
		"`file` of certificate authorities (PEM) for wss:// and for TURN over TLS, beside those of the system")
	flags.BoolVar(&t.insecure, "insecure", false, "accept any certificate")
	flags.StringVar(&t.output, "o", "text", "output `format`: text or json")
	flags.StringVar(&t.output, "output", "text", "output `format`: text or json")
	flags.BoolVar(&t.quiet, "quiet", false, "no progress on stderr")
	flags.BoolVar(&t.debug, "debug", false, "on stderr, what the WebRTC stack had to say of a way that failed")
	return flags
}

// read reads the values of flags that have a form of their own.
func (s *settings) read(t texts) (err error) {
	o := &s.options
	switch t.output {
	case "text":
	case "json":
		s.json = true
	default:
		return remedy.Errorf("use -o text or -o json", "-o: %q is no format", t.output)
	}
	if o.Kinds, err = media.ParseKinds(t.kinds); err != nil {
		return err
	}
	if o.Expect, err = media.ParseExpect(t.addresses, t.ports); err != nil {
		return err
	}
	if o.TLS, err = tlsConfig(t.caFile, t.insecure); err != nil {
		return err
	}
	if t.tcpAddress != "" {
		if o.TCPAddress, err = netip.ParseAddrPort(t.tcpAddress); err != nil {
			return remedy.Errorf("give it as 127.0.0.1:7881", "--tcp-address: %w", err)
		}
	}
	if s.forward, err = parseTarget("--port-forward", t.signalling); err != nil {
		return err
	}
	s.turnTLS, err = parseTarget("--turn-tls-forward", t.turnTLS)
	return err
}

// parseTarget reads a flag that may be left out.
func parseTarget(flag, text string) (forward.Target, error) {
	if text == "" {
		return forward.Target{}, nil
	}
	return forward.ParseTarget(flag, text)
}

// lines writes lines of text, from several goroutines, if it is to.
func lines(w io.Writer, wanted bool) func(format string, args ...any) {
	var mu sync.Mutex
	return func(format string, args ...any) {
		if wanted {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(w, format+"\n", args...)
		}
	}
}

// validate refuses what cannot be meant, and what is missing.
func (s *settings) validate() error {
	o := s.options
	switch {
	case s.credentials.Key == "" || s.credentials.Secret == "":
		return remedy.Errorf("set both to the key and the secret of the server", "%s or %s is not set", keyVariable,
			secretVariable)
	case len(s.urls) == 0 && s.forward.Name == "":
		return remedy.Errorf("give --url ws://HOST:PORT, or --port-forward NAMESPACE/SERVICE:PORT",
			"no server is named")
	case len(s.urls) > 0 && s.forward.Name != "":
		return remedy.Errorf("give one of them", "--url and --port-forward both say where signalling is")
	case o.NodesDiffer && len(s.urls) < 2:
		return remedy.Errorf("give --url twice, once for each node", "--nodes-differ needs two addresses")
	case o.TURNTLSAddress != "" && s.turnTLS.Name != "":
		return remedy.Errorf("give one of them", "--turn-tls-address and --turn-tls-forward both say where TURN is")
	case o.Participants < 2:
		return remedy.Errorf("use 2 or more", "--participants %d: nobody would hear anybody", o.Participants)
	case o.Timeout <= 0:
		return remedy.Errorf("give a time such as 20s", "--timeout %s leaves no time", o.Timeout)
	case o.Hold > 0 && len(o.Kinds) > 1:
		return remedy.Errorf("name one way with --media, and run the command once for each",
			"--hold keeps one call, and --media names %d", len(o.Kinds))
	case o.MaxGap > 0 && o.Hold == 0:
		return remedy.Errorf("give --hold as well", "--max-gap is about a call that is held")
	}
	return nil
}

// connect makes the servers of the addresses, and opens what is to be forwarded
// until end is closed.
func (s *settings) connect(ctx context.Context, end <-chan struct{}) error {
	if s.forward.Name != "" || s.turnTLS.Name != "" {
		if err := s.open(ctx, end); err != nil {
			return err
		}
	}
	for _, url := range s.urls {
		server, err := signal.NewServer(url, s.credentials, s.options.TLS)
		if err != nil {
			return err
		}
		s.options.Servers = append(s.options.Servers, server)
	}
	return nil
}

func (s *settings) open(ctx context.Context, end <-chan struct{}) error {
	cluster, err := kube.Connect(s.getenv)
	if err != nil {
		return err
	}
	if s.forward.Name != "" {
		port, err := forward.Open(ctx, cluster, s.forward, end)
		if err != nil {
			return err
		}
		s.urls = []string{fmt.Sprintf("ws://127.0.0.1:%d", port)}
	}
	if s.turnTLS.Name != "" {
		port, err := forward.Open(ctx, cluster, s.turnTLS, end)
		if err != nil {
			return err
		}
		s.options.TURNTLSAddress = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return nil
}

func tlsConfig(caFile string, insecure bool) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}
	if caFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, remedy.Errorf("name a file of certificates in PEM", "--ca-file: %w", err)
	}
	if config.RootCAs, err = x509.SystemCertPool(); err != nil {
		config.RootCAs = x509.NewCertPool()
	}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, remedy.Errorf("name a file of certificates in PEM", "--ca-file: %s has no certificate", caFile)
	}
	return config, nil
}
