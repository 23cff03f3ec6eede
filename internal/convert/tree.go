package convert

import "github.com/helm-livekit/helm-livekit/internal/yamldoc"

// get gives the value at a path, nil where there is none.
func get(m map[string]any, path ...string) any {
	v, _ := yamldoc.Lookup(m, path)
	return v
}

func text(m map[string]any, path ...string) string {
	s, _ := get(m, path...).(string)
	return s
}

func table(m map[string]any, path ...string) map[string]any {
	t, _ := get(m, path...).(map[string]any)
	return t
}
