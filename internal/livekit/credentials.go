package livekit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CredentialKeys gives the keys whose values are secret, as patterns: "*" is
// any key of a mapping, "**" any keys at any depth, "[]" any item of a list.
// Keys that name a file are not among them. The last ones are the storage
// credentials of automatic egress (livekit_egress.proto of the protocol, which
// marks them as secret), in both spellings that the server takes.
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
	found := map[string]bool{}
	for _, pattern := range CredentialKeys() {
		segments := strings.Split(strings.ReplaceAll(pattern, "[]", ".[]"), ".")
		follow(config, segments, "", func(path string, value any) {
			if isNonZero(value) {
				found[path] = true
			}
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// follow visits the values that a pattern leads to.
func follow(value any, pattern []string, path string, visit func(string, any)) {
	if len(pattern) == 0 {
		visit(path, value)
		return
	}
	if pattern[0] == "**" {
		follow(value, pattern[1:], path, visit)
		eachChild(value, path, func(_, childPath string, child any) { follow(child, pattern, childPath, visit) })
		return
	}
	_, isList := value.([]any)
	eachChild(value, path, func(key, childPath string, child any) {
		switch {
		case isList && pattern[0] == "[]", !isList && (pattern[0] == "*" || pattern[0] == key):
			follow(child, pattern[1:], childPath, visit)
		}
	})
}

func eachChild(value any, path string, visit func(key, path string, child any)) {
	switch v := value.(type) {
	case map[string]any:
		for key, child := range v {
			visit(key, joinKey(path, key), child)
		}
	case []any:
		for i, child := range v {
			visit("", fmt.Sprintf("%s[%d]", path, i), child)
		}
	}
}
