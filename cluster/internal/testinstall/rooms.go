package testinstall

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/cluster/internal/forward"
	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// forwardSignalling opens a way to signalling, through the Service where there is
// one, until end is closed.
func (t *installTest) forwardSignalling(ctx context.Context, end <-chan struct{}) (*signal.Server, error) {
	s := t.server
	target := forward.Target{Namespace: t.Namespace, Name: s.pod.Name, Port: s.config.Port}
	if s.service != nil {
		target.Name, target.Port = s.service.Name, int(s.servicePort)
	}
	port, err := forward.Open(ctx, t.client, target, end)
	if err != nil {
		return nil, err
	}
	return signal.NewServer(fmt.Sprintf("ws://127.0.0.1:%d", port), s.key, &tls.Config{MinVersion: tls.VersionTLS12})
}

// rooms makes a room with the chart's key, finds it in the list and in Redis, and
// deletes it.
func (t *installTest) rooms(ctx context.Context, res *checkResult) {
	end := make(chan struct{})
	defer close(end)
	server, err := t.forwardSignalling(ctx, end)
	if err != nil {
		res.failErr(err)
		return
	}
	room := "trial-" + strings.ToLower(rand.Text()[:10])
	if err := server.CreateRoom(ctx, room); err != nil {
		res.failErr(err)
		return
	}
	defer func() {
		if err := server.DeleteRoom(context.WithoutCancel(ctx), room); err != nil {
			res.failErr(err)
		}
	}()
	listed, err := server.HasRoom(ctx, room)
	switch {
	case err != nil:
		res.failErr(err)
		return
	case !listed:
		res.fail("with Redis, check that all servers use the same one", "a room was made, and then was not in the list")
		return
	}
	res.pass("A room was made, listed and deleted with the chart's key")
	t.roomInRedis(ctx, room, res)
}

// roomInRedis looks whether the server's Redis holds the room.
func (t *installTest) roomInRedis(ctx context.Context, room string, res *checkResult) {
	r := t.server.config.Redis
	if !r.isConfigured() {
		res.pass("LiveKit runs without Redis, for itself alone")
		return
	}
	holds, where, err := t.redisHolds(ctx, r, room)
	switch {
	case err != nil:
		res.warn(remedy.Step(err), "Redis could not be asked for the room: %v", err)
	case !holds:
		res.fail("check redis.address and redis.db of LiveKit's configuration",
			"Redis at %s does not hold the room", where)
	default:
		res.pass("Redis at %s holds the room", where)
	}
}
