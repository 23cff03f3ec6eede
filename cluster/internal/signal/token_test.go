package signal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

var credentials = Credentials{Key: "key", Secret: "0123456789abcdef0123456789abcdef"}

// A token is signed with the secret, and allows what it is for and no more.
func TestTokens(t *testing.T) {
	join, err := credentials.JoinToken("room", "somebody", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.ParseAPIToken(join)
	if err != nil {
		t.Fatal(err)
	}
	_, grants, err := verifier.Verify(credentials.Secret)
	if err != nil || verifier.APIKey() != "key" {
		t.Fatalf("key %q: %v", verifier.APIKey(), err)
	}
	if _, _, err := verifier.Verify("another secret of the same length"); err == nil {
		t.Error("any secret will do")
	}
	if v := grants.Video; grants.Identity != "somebody" || v.Room != "room" || !v.RoomJoin || v.RoomAdmin ||
		v.RoomCreate || v.Agent {
		t.Errorf("grants %+v", grants)
	}
	admin, err := credentials.adminToken("room")
	if err != nil {
		t.Fatal(err)
	}
	if v := claims(t, admin)["video"].(map[string]any); v["roomCreate"] != true || v["roomList"] != true ||
		v["roomAdmin"] != true || v["roomJoin"] != nil {
		t.Errorf("video grants of the API's token: %v", v)
	}
}

func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// LiveKit repeats the token that it refuses; nobody else is to see it.
func TestTokensAreNotShown(t *testing.T) {
	token, err := credentials.JoinToken("room", "somebody", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: "ws://192.0.2.1:7880"}
	for _, shown := range []string{
		s.refused(answer{status: 401, body: clean("invalid token: " + token + ", error: x")}, false).Error(),
		s.unreachable(fmt.Errorf(`Get "http://192.0.2.1/rtc?access_token=%s": refused`, token)).Error(),
	} {
		if strings.Contains(shown, token) || !strings.Contains(shown, "(token)") {
			t.Errorf("%s", shown)
		}
	}
}

// What answers in LiveKit's place is told apart, each with its remedy.
func TestRefusals(t *testing.T) {
	s := &Server{URL: "ws://192.0.2.1:7880"}
	for _, c := range []struct {
		answer answer
		plain  bool
		step   string
	}{
		{answer{status: 401, body: "invalid API key: x"}, false, "LIVEKIT_API_KEY"},
		{answer{status: 401, body: "invalid token: (token), error: signature"}, false, "LIVEKIT_API_SECRET"},
		{answer{status: 401, body: "invalid token: (token), error: token is expired"}, false, "clocks"},
		{answer{status: 401, body: "<html>Login</html>"}, false, "proxy"},
		{answer{status: 308, location: "https://livekit.example.com/rtc"}, false, "wss://"},
		{answer{status: 200}, true, "Upgrade"},
		{answer{status: 404}, true, "Upgrade"},
		{answer{status: 404}, false, "7880"},
		{answer{status: 503}, false, "endpoints"},
		{answer{status: 500}, false, "Redis"},
		{answer{status: 200, server: "nginx"}, false, "nginx"},
	} {
		err := s.refused(c.answer, c.plain)
		if !strings.Contains(remedy.Step(err), c.step) {
			t.Errorf("%+v: %q does not say %q", c.answer, remedy.Step(err), c.step)
		}
	}
}

func TestServerAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"ws://192.0.2.1:7880":          "ws://192.0.2.1:7880",
		"http://192.0.2.1:7880/":       "ws://192.0.2.1:7880",
		"https://livekit.example.com":  "wss://livekit.example.com",
		"wss://example.com/livekit/?x": "wss://example.com/livekit",
		"livekit.example.com":          "",
		"ws:///rtc":                    "",
		"ftp://example.com":            "",
	} {
		s, err := NewServer(address, credentials, nil)
		switch {
		case want == "" && (err == nil || remedy.Step(err) == ""):
			t.Errorf("%s is taken (%v)", address, err)
		case want != "" && (err != nil || s.URL != want):
			t.Errorf("%s: %v, %v; want %s", address, s, err, want)
		}
	}
	if err := (&Server{}).unreachable(errors.New("x")); remedy.Step(err) == "" {
		t.Error("an unknown error has no remedy")
	}
}
