package livekit

import (
	"slices"
	"testing"
)

func TestCredentialPaths(t *testing.T) {
	got := CredentialPaths(decode(t, `
keys: {APIa: x, APIb: "", APIc: 12}
key_file: /keys
redis: {address: "a:1", username: u, password: p, sentinel_password: s, tls: {client_key_file: /k}}
prometheus: {username: u, password: p}
rtc:
  turn_servers:
    - {host: h, username: u, credential: c}
    - {host: h, secret: s}
    - {host: h, secret_file: /f}
webhook: {api_key: APIa}
room:
  room_configurations:
    a: {egress: {room: {file_outputs: [{s3: {access_key: a, secret: b, bucket: c}}]}}}
`))
	want := []string{
		"keys.APIa", "keys.APIc", "prometheus.password", "redis.password", "redis.sentinel_password",
		"room.room_configurations.a.egress.room.file_outputs[0].s3.access_key",
		"room.room_configurations.a.egress.room.file_outputs[0].s3.secret",
		"rtc.turn_servers[0].credential", "rtc.turn_servers[1].secret",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCredentialPathsOfNonsense(t *testing.T) {
	for _, config := range []string{
		`{}`, `keys: null`, `keys: [a]`, `rtc: {turn_servers: {a: {secret: b}}}`, `redis: password`,
	} {
		if got := CredentialPaths(decode(t, config)); len(got) != 0 {
			t.Errorf("%s: %q", config, got)
		}
	}
}

// TestCredentialKeysAreTheServers: hack/configschema finds them in the types,
// by name and by the marks of the protocol.
func TestCredentialKeysAreTheServers(t *testing.T) {
	want := facts(t).Credentials
	if got := slices.Sorted(slices.Values(CredentialKeys())); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCredentialPathsOfRoomEgress(t *testing.T) {
	got := CredentialPaths(decode(t, samples(t, "valid")["room-egress"]))
	const outputs = "room.room_configurations.meeting.egress.room.file_outputs"
	want := []string{
		outputs + "[0].s3.access_key", outputs + "[0].s3.secret",
		outputs + "[1].s3.accessKey", outputs + "[1].s3.proxy.password", outputs + "[1].s3.sessionToken",
		outputs + "[2].gcp.credentials", outputs + "[3].azure.accountKey",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
