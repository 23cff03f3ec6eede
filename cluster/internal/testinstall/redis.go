package testinstall

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-livekit/helm-livekit/cluster/internal/forward"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// redisConfig is LiveKit's redis block.
type redisConfig struct {
	Address           string   `json:"address"`
	Username          string   `json:"username"`
	Password          string   `json:"password"`
	DB                int      `json:"db"`
	UseTLS            bool     `json:"use_tls"`
	SentinelAddresses []string `json:"sentinel_addresses"`
	ClusterAddresses  []string `json:"cluster_addresses"`
	TLS               struct {
		Enabled bool `json:"enabled"`
	} `json:"tls"`
}

func (r redisConfig) isConfigured() bool {
	return r.Address != "" || len(r.SentinelAddresses) > 0 || len(r.ClusterAddresses) > 0
}

// roomsKey is the hash in which LiveKit keeps its rooms, by name (RoomsKey in
// pkg/service/redisstore.go of its source).
const roomsKey = "rooms"

// redisHolds asks Redis itself for the room.
func (t *installTest) redisHolds(
	ctx context.Context, r redisConfig, room string,
) (holds bool, where string, err error) {
	if r.Address == "" {
		return false, "", fmt.Errorf("it is a Sentinel or a cluster, which is not asked")
	}
	end := make(chan struct{})
	defer close(end)
	address, err := t.reachRedis(ctx, r.Address, end)
	if err != nil {
		return false, r.Address, err
	}
	options := &redis.Options{
		Addr: address, Username: r.Username, Password: r.Password, DB: r.DB, DisableIdentity: true,
		DialTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, MaxRetries: 1,
	}
	if r.UseTLS || r.TLS.Enabled {
		// Its certificate is the server's matter: here only the room is asked for.
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}
	}
	client := redis.NewClient(options)
	defer client.Close()
	holds, err = client.HExists(ctx, roomsKey, room).Result()
	return holds, r.Address, err
}

// reachRedis opens a way to an address as the server's pod knows it: its own
// loopback address, a Service of the cluster, or anything that is reached from here.
func (t *installTest) reachRedis(ctx context.Context, address string, end <-chan struct{}) (string, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return "", remedy.Errorf("write it as HOST:PORT", "redis.address: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return "", remedy.Errorf("write it as HOST:PORT", "redis.address %s: %w", address, err)
	}
	target := forward.Target{Namespace: t.Namespace, Name: t.server.pod.Name, Port: port}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		name, rest, _ := strings.Cut(host, ".")
		namespace, _, _ := strings.Cut(rest, ".")
		namespace = cmp.Or(namespace, t.Namespace)
		if _, err := t.client.CoreV1().Services(namespace).Get(ctx, name, meta.GetOptions{}); err != nil || ip != nil {
			return address, nil
		}
		target = forward.Target{Namespace: namespace, Name: name, Port: port}
	}
	local, err := forward.Open(ctx, t.client, target, end)
	return fmt.Sprintf("127.0.0.1:%d", local), err
}
