package signal

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// protocolVersion is that of signalling: two connections for media, the
// subscriber's first (CurrentProtocol in pkg/rtc/types of livekit-server).
const protocolVersion = "15"

// silence is how long the server may say nothing, although pinged, before the
// connection counts as dead: the time that the server itself uses.
const (
	silence  = 15 * time.Second
	pingRest = 5 * time.Second
)

// Conn is an open signalling connection.
type Conn struct {
	ws    *websocket.Conn
	write sync.Mutex
	done  chan struct{}
	once  sync.Once
}

// Join opens signalling for a new session. The first message that is read says
// what the server made of it.
func (s *Server) Join(ctx context.Context, token string) (*Conn, error) {
	return s.connect(ctx, token, url.Values{})
}

// Resume opens signalling for the session with the id sid, which is alive.
func (s *Server) Resume(ctx context.Context, token, sid string) (*Conn, error) {
	return s.connect(ctx, token, url.Values{"reconnect": {"1"}, "sid": {sid}})
}

func (s *Server) connect(ctx context.Context, token string, query url.Values) (*Conn, error) {
	query.Set("auto_subscribe", "1")
	query.Set("protocol", protocolVersion)
	query.Set("sdk", "go")
	query.Set("version", "2.0.0")
	ws, err := s.dial(ctx, "/rtc", token, query)
	if err != nil {
		return nil, err
	}
	c := &Conn{ws: ws, done: make(chan struct{})}
	go c.ping()
	return c, nil
}

// Read waits for the next message.
func (c *Conn) Read() (*livekit.SignalResponse, error) {
	_ = c.ws.SetReadDeadline(time.Now().Add(silence))
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	message := &livekit.SignalResponse{}
	if err := proto.Unmarshal(data, message); err != nil {
		return nil, fmt.Errorf("signalling: a message that is not LiveKit's: %w", err)
	}
	return message, nil
}

// Send writes a message. That it did not arrive shows in Read.
func (c *Conn) Send(request *livekit.SignalRequest) error {
	data, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(silence))
	return c.ws.WriteMessage(websocket.BinaryMessage, data)
}

// Close ends the connection and makes Read return.
func (c *Conn) Close() {
	c.once.Do(func() {
		close(c.done)
		_ = c.ws.Close()
	})
}

func (c *Conn) ping() {
	tick := time.NewTicker(pingRest)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case now := <-tick.C:
			err := c.Send(&livekit.SignalRequest{Message: &livekit.SignalRequest_PingReq{
				PingReq: &livekit.Ping{Timestamp: now.UnixMilli()},
			}})
			if err != nil {
				return
			}
		}
	}
}
