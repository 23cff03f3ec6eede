package signal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/livekit/protocol/livekit"
	"github.com/twitchtv/twirp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// emptyTimeout is how long, in seconds, the server keeps a room without
// participants, if deleting it should fail.
const emptyTimeout = 60

// CreateRoom makes a room, or finds it: LiveKit answers both alike.
func (s *Server) CreateRoom(ctx context.Context, room string) error {
	return s.rooms(ctx, room, "create", func(ctx context.Context, rooms livekit.RoomService) error {
		_, err := rooms.CreateRoom(ctx, &livekit.CreateRoomRequest{Name: room, EmptyTimeout: emptyTimeout})
		return err
	})
}

// HasRoom says whether the room is in the server's list.
func (s *Server) HasRoom(ctx context.Context, room string) (has bool, err error) {
	err = s.rooms(ctx, room, "list", func(ctx context.Context, rooms livekit.RoomService) error {
		listed, err := rooms.ListRooms(ctx, &livekit.ListRoomsRequest{Names: []string{room}})
		has = len(listed.GetRooms()) > 0
		return err
	})
	return has, err
}

// DeleteRoom removes a room and whoever is in it.
func (s *Server) DeleteRoom(ctx context.Context, room string) error {
	return s.rooms(ctx, room, "delete", func(ctx context.Context, rooms livekit.RoomService) error {
		_, err := rooms.DeleteRoom(ctx, &livekit.DeleteRoomRequest{Room: room})
		return err
	})
}

func (s *Server) rooms(ctx context.Context, room, what string,
	do func(context.Context, livekit.RoomService) error) error {
	token, err := s.Credentials.adminToken(room)
	if err != nil {
		return err
	}
	ctx, err = twirp.WithHTTPRequestHeaders(ctx, http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return err
	}
	if err := do(ctx, livekit.NewRoomServiceProtobufClient(s.httpURL(), s.http)); err != nil {
		return fmt.Errorf("API: %s room: %w", what, s.apiError(err))
	}
	return nil
}

// apiError says why a request to the API failed. What is no answer of the room
// service's own, as that to a wrong key, is treated like an answer to signalling.
func (s *Server) apiError(err error) error {
	var t twirp.Error
	if !errors.As(err, &t) {
		return s.unreachable(err)
	}
	if t.Meta("http_error_from_intermediary") != "" {
		status, _ := strconv.Atoi(t.Meta("status_code"))
		return s.refused(answer{status: status, body: clean(t.Meta("body")), location: t.Meta("location")}, false)
	}
	if inner := errors.Unwrap(err); inner != nil && t.Code() == twirp.Internal {
		return s.unreachable(inner)
	}
	step := "look at the server's log"
	if t.Code() == twirp.Unavailable || t.Code() == twirp.DeadlineExceeded {
		step = "with Redis, check that the server reaches it, and that another node of LiveKit that ended is not " +
			"waited for"
	}
	return remedy.Errorf(step, "the room service answered %s: %s", t.Code(), clean(t.Msg()))
}
