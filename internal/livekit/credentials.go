package livekit

import (
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// CredentialKeys gives the keys whose values are secret, as patterns: "*" is any key of a mapping, "**" any keys at any
// depth, "[]" any item of a list. Keys that name a file are not among them. The last ones are the storage credentials
// of automatic egress (livekit_egress.proto of the protocol, which marks them as secret), in both spellings that the
// server takes.
func CredentialKeys() []string {
	keys := []string{
		"keys.*",
		"redis.password",
		"redis.sentinel_password",
		"rtc.turn_servers[].credential",
		"rtc.turn_servers[].secret",
		"prometheus.password",
	}
	for _, key := range []string{
		"access_key", "accessKey", "secret", "session_token", "sessionToken", "assume_role_external_id",
		"assumeRoleExternalId", "account_key", "accountKey", "credentials", "password",
	} {
		keys = append(keys, "room.room_configurations.**."+key)
	}
	return keys
}

// CredentialPaths gives the dotted paths of the credentials that a
// configuration holds, sorted. Empty values are left out.
func CredentialPaths(config map[string]any) []string {
	patterns := strings.NewReplacer(".**.", `\.(.*\.)?`, ".*", `(\.|\[").+`, ".", `\.`, "[]", `\[\d+\]`)
	isCredential := regexp.MustCompile("^(" + patterns.Replace(strings.Join(CredentialKeys(), "|")) + ")$")
	var paths []string
	for _, leaf := range manifest.Leaves(config) {
		if path := leaf.Path.String(); isNonZero(leaf.Value) && isCredential.MatchString(path) {
			paths = append(paths, path)
		}
	}
	return slices.Sorted(slices.Values(paths))
}
