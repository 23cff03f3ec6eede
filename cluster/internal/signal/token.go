// Package signal speaks LiveKit's signalling and room service, and says in
// plain words why a server refused.
package signal

import (
	"time"

	"github.com/livekit/protocol/auth"
)

// Credentials are an API key and its secret. They are never printed.
type Credentials struct {
	Key, Secret string
}

// JoinToken lets identity join room for as long as validFor.
func (c Credentials) JoinToken(room, identity string, validFor time.Duration) (string, error) {
	return c.token(&auth.VideoGrant{RoomJoin: true, Room: room}, identity, validFor)
}

// adminToken lets its holder make, list and delete room.
func (c Credentials) adminToken(room string) (string, error) {
	return c.token(&auth.VideoGrant{RoomCreate: true, RoomList: true, RoomAdmin: true, Room: room}, "", time.Minute)
}

// agentToken lets its holder register as a worker.
func (c Credentials) agentToken() (string, error) {
	return c.token(&auth.VideoGrant{Agent: true}, "", time.Minute)
}

func (c Credentials) token(grant *auth.VideoGrant, identity string, validFor time.Duration) (string, error) {
	return auth.NewAccessToken(c.Key, c.Secret).SetIdentity(identity).SetVideoGrant(grant).SetValidFor(validFor).ToJWT()
}
