package scaffolding

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// kubeVersion: native sidecars are on by default from 1.29. The -0 lets in the pre-release names that some vendors
// give. A Helm built without its release flags (`go install`) takes 1.20.0 for the version in `helm template`, so that
// is let through here and refused on a real cluster by the templates.
const kubeVersion = ">=1.29.0-0 || 1.20.0"

// chartFile writes Chart.yaml, its fields in the repository's order. Some are written where the repository's charts
// have them, or where there are none; fields that this chart has nothing to say in are left out. It is no template: a
// Chart.yaml below scaffold/ would make a chart of that folder, for this tool and for Helm's.
func chartFile(o Options, style convention.Style) []byte {
	required := []string{"apiVersion", "name", "description", "type", "version", "appVersion", "kubeVersion"}
	optional := []string{"icon", "home", "sources", "keywords"}
	texts := map[string]string{
		"apiVersion":  "apiVersion: v2\n",
		"name":        "name: " + o.Name + "\n",
		"description": "description: LiveKit server for real-time audio and video\n",
		"type":        "type: application\n",
		"version":     "version: " + o.Version + "\n",
		"appVersion":  fmt.Sprintf("appVersion: %q\n", o.AppVersion),
		"kubeVersion": "# 1.20.0 is what a Helm built by `go install` renders for without a cluster.\n" +
			fmt.Sprintf("kubeVersion: %q\n", kubeVersion),
		"icon":     "icon: https://livekit.io/favicon.ico\n",
		"home":     "home: https://livekit.io\n",
		"sources":  "sources:\n  - https://github.com/livekit/livekit\n",
		"keywords": "keywords:\n  - livekit\n  - webrtc\n",
	}
	fields := slices.Concat(style.ChartFields, required)
	if len(style.ChartFields) == 0 {
		fields = append(fields, optional...)
	}
	var b bytes.Buffer
	if style.DocumentStart {
		b.WriteString("---\n")
	}
	b.WriteString(header(style))
	if style.Lists == "flush" {
		for field, text := range texts {
			texts[field] = strings.ReplaceAll(text, "\n  - ", "\n- ")
		}
	}
	for _, field := range fields {
		b.WriteString(texts[field])
		delete(texts, field)
	}
	return b.Bytes()
}
