package call

import (
	"context"
	"slices"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Run does what is asked. What is wrong with the server is in the result.
func Run(ctx context.Context, o Options) Result {
	started := time.Now()
	r := Result{
		Room: o.Room, Participants: []Participant{}, Paths: []Path{},
		Server: Server{Nodes: []string{}},
	}
	existed := o.openRoom(ctx, &r.API)
	// A wrong key or address fails each path in the same way.
	if r.API.Error == "" {
		for _, kind := range o.Kinds {
			o.path(ctx, kind, &r)
		}
		o.closeRoom(ctx, existed, &r.API)
	}
	slices.Sort(r.Server.Nodes)
	r.Server.Nodes = slices.Compact(r.Server.Nodes)
	r.OK = r.API.OK && len(r.Paths) == len(o.Kinds) &&
		!slices.ContainsFunc(r.Paths, func(p Path) bool { return !p.OK })
	r.DurationMS = time.Since(started).Milliseconds()
	return r
}

// openRoom makes the room and says whether it was there before.
func (o Options) openRoom(ctx context.Context, api *API) (existed bool) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	server := o.Servers[0]
	existed, err := server.HasRoom(ctx, o.Room)
	if err == nil {
		err = server.CreateRoom(ctx, o.Room)
	}
	if err == nil {
		api.Created = true
		api.Listed, err = server.HasRoom(ctx, o.Room)
	}
	if err == nil && !api.Listed {
		err = remedy.Errorf("with Redis, check that all nodes use the same one",
			"API: the room was made, and then was not in the list")
	}
	note(api, err)
	return existed
}

// closeRoom deletes the room unless it is somebody else's. The context may have
// ended: the room is to go all the same.
func (o Options) closeRoom(ctx context.Context, existed bool, api *API) {
	api.OK = true
	if existed {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := o.Servers[0].DeleteRoom(ctx, o.Room)
	api.Deleted = err == nil
	note(api, err)
	api.OK = err == nil
}

func note(api *API, err error) {
	if err != nil {
		api.Error, api.Remedy = err.Error(), remedy.Step(err)
	}
}
