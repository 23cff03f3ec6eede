package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// notAsked is said of what only --online asks.
const notAsked = "Not asked: --online asks"

// answerTime bounds a request.
const answerTime = 10 * time.Second

// clusterAccess asks the cluster, by Helm, as a release would.
func (e *examination) clusterAccess(ctx context.Context) {
	const name = "cluster"
	if !e.Online {
		e.add(name, cluster.Skip, notAsked, "")
		return
	}
	if _, err := e.run(ctx, e.helmBin(), "list", "--max", "1", "--short"); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("the cluster does not answer")
		}
		e.addError(name, cluster.Fail, err,
			"check the context, the login and the network; only verify --install needs a cluster")
		return
	}
	e.add(name, cluster.Pass, "Helm lists releases", "")
}

// newerPlugin asks for the newest release of the plugin.
func (e *examination) newerPlugin(ctx context.Context) {
	const name = "newer-plugin"
	newest := e.newest(ctx, name, "helm-livekit/helm-livekit")
	switch own, err := semver.NewVersion(e.ToolVersion); {
	case newest == nil:
	case err != nil:
		e.add(name, cluster.Skip, fmt.Sprintf("The newest release is %s; this is %s", newest, e.ToolVersion), "")
	case newest.GreaterThan(own):
		e.add(name, cluster.Warn, fmt.Sprintf("The newest release is %s; this is %s", newest, own),
			"helm plugin update livekit")
	default:
		e.add(name, cluster.Pass, "This is the newest release", "")
	}
}

// newerLiveKit asks for the newest release of LiveKit, and says whether the chart and this tool know it.
func (e *examination) newerLiveKit(ctx context.Context) {
	const name = "newer-livekit"
	newest := e.newest(ctx, name, "livekit/livekit")
	if newest == nil {
		return
	}
	known := ""
	if newest.GreaterThan(semver.MustParse(string(livekit.Newest()))) {
		known = fmt.Sprintf("; this plugin knows none newer than %s", livekit.Newest())
	}
	if e.chart == nil {
		e.add(name, cluster.Pass, fmt.Sprintf("The newest release is v%s%s", newest, known), "")
		return
	}
	detail := fmt.Sprintf("The newest release is v%s, the chart has %s%s", newest, e.chart.AppVersion(), known)
	own, err := semver.NewVersion(e.chart.AppVersion())
	if err == nil && newest.GreaterThan(own) {
		e.add(name, cluster.Warn, detail, fmt.Sprintf("helm livekit update %s --app-version %s",
			filepath.ToSlash(e.Dir), newest))
		return
	}
	e.add(name, cluster.Pass, detail, "")
}

// newest gives the newest release of a repository on GitHub, by where its page of the newest one leads. Where that
// cannot be had it is nil, and the check says why.
func (e *examination) newest(ctx context.Context, name, repository string) *semver.Version {
	if !e.Online {
		e.add(name, cluster.Skip, notAsked, "")
		return nil
	}
	host := cmp.Or(e.Getenv("HELM_LIVEKIT_GITHUB_URL"), "https://github.com")
	page := strings.TrimSuffix(host, "/") + "/" + repository + "/releases/latest"
	fail := func(format string, args ...any) *semver.Version {
		e.add(name, cluster.Warn, fmt.Sprintf(format, args...),
			"Check the network and HTTPS_PROXY, or set HELM_LIVEKIT_GITHUB_URL to a mirror")
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, page, http.NoBody)
	if err != nil {
		return fail("%s: %v", page, err)
	}
	request.Header.Set("User-Agent", e.UserAgent)
	client := http.Client{
		Timeout:       answerTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return fail("%v", err)
	}
	response.Body.Close()
	version, err := semver.NewVersion(path.Base(response.Header.Get("Location")))
	if err != nil {
		return fail("%s names no release (%s)", page, response.Status)
	}
	return version
}
