package signal

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Server is a LiveKit server's address with what is needed to talk to it.
type Server struct {
	URL         string // ws:// or wss://, with the path under which the server is, without a slash at the end
	Credentials Credentials
	tls         *tls.Config
	http        *http.Client
}

// NewServer reads an address: ws, wss, http or https.
func NewServer(address string, credentials Credentials, config *tls.Config) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, remedy.Errorf("give it as ws://HOST:PORT or wss://HOST", "--url: %w", err)
	}
	switch u.Scheme {
	case "ws", "wss":
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	default:
		return nil, remedy.Errorf("give it as ws://HOST:PORT or wss://HOST",
			"--url: %q has no scheme of WebSocket or HTTP", address)
	}
	if u.Host == "" {
		return nil, remedy.Errorf("give it as ws://HOST:PORT or wss://HOST", "--url: %q names no host", address)
	}
	u.RawQuery, u.Fragment, u.User = "", "", nil
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = config.Clone() // it adds HTTP/2, which no WebSocket takes
	return &Server{
		URL: strings.TrimSuffix(u.String(), "/"), Credentials: credentials, tls: config,
		http: &http.Client{Transport: transport, Timeout: 15 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			}},
	}, nil
}

// httpURL is the server's address for plain requests.
func (s *Server) httpURL() string { return "http" + strings.TrimPrefix(s.URL, "ws") }

// dial opens a WebSocket. When that fails, the error says why and what to do.
func (s *Server) dial(ctx context.Context, path, token string, query url.Values) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, TLSClientConfig: s.tls,
		HandshakeTimeout: 15 * time.Second}
	conn, res, err := dialer.DialContext(ctx, s.URL+path+"?"+query.Encode(),
		http.Header{"Authorization": {"Bearer " + token}})
	if err == nil {
		return conn, nil
	}
	if res == nil {
		return nil, s.unreachable(err)
	}
	defer res.Body.Close()
	return nil, s.refused(answerOf(res), s.answersWithoutUpgrade(ctx, token))
}

// answersWithoutUpgrade says whether LiveKit itself is reached by plain
// requests: then what failed is the upgrade to a WebSocket.
func (s *Server) answersWithoutUpgrade(ctx context.Context, token string) bool {
	// The answer is wanted even where another participant, who failed at the same, ends ctx.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	// Servers before 1.13 want attributes, here the base64 of an empty object.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.httpURL()+"/rtc/validate?attributes=e30%3D", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := s.http.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	a := answerOf(res)
	return a.status == http.StatusOK && a.body == "success"
}
