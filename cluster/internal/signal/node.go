package signal

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// NodeID gives the id of the node that answers at the server's address.
//
// A room is on one node, and whoever joins is told that node's id, through
// whichever node the signalling goes. The node at the door says its own name to
// workers alone (AgentService in pkg/service of livekit-server), so this registers
// as a worker of a name that nobody asks for, and leaves.
func (s *Server) NodeID(ctx context.Context, name string) (string, error) {
	token, err := s.Credentials.agentToken()
	if err != nil {
		return "", err
	}
	conn, err := s.dial(ctx, "/agent", token, url.Values{"protocol": {"1"}})
	if err != nil {
		return "", fmt.Errorf("asking for the node's name: %w", err)
	}
	defer conn.Close()
	message, err := proto.Marshal(&livekit.WorkerMessage{Message: &livekit.WorkerMessage_Register{
		Register: &livekit.RegisterWorkerRequest{Type: livekit.JobType_JT_ROOM, AgentName: name, Version: "1"},
	}})
	if err != nil {
		return "", err
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if err := conn.WriteMessage(websocket.BinaryMessage, message); err != nil {
		return "", fmt.Errorf("asking %s for the node's name: %w", s.URL, err)
	}
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return "", fmt.Errorf("asking %s for the node's name: %w", s.URL, err)
		}
		answer := &livekit.ServerMessage{}
		if err := proto.Unmarshal(data, answer); err != nil {
			return "", fmt.Errorf("asking %s for the node's name: %w", s.URL, err)
		}
		if register := answer.GetRegister(); register != nil {
			return register.GetServerInfo().GetNodeId(), nil
		}
	}
}
