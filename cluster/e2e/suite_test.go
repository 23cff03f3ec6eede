package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
)

// runLabel marks all namespaces of one run of the suite.
const runLabel = "helm-livekit-e2e"

// suite is what the tests share: the programs, the cluster, and the table.
type suite struct {
	cluster   *kube.Cluster
	plugin    string   // helm-livekit
	companion string   // helm-livekit-cluster
	helms     []string // the cases are spread over them
	run       string   // names this run
	root      string   // the repository

	slots chan struct{} // for cases that run at a time
	mu    sync.Mutex
	next  int
	rows  []row
}

// row is a line of the table.
type row struct {
	name, helm, call, result string
	seconds                  float64
	restarts                 int
}

// s is nil where the suite is not to run.
var s *suite

func TestMain(m *testing.M) {
	os.Exit(runSuite(m))
}

func runSuite(m *testing.M) int {
	if os.Getenv("HELM_LIVEKIT_E2E") == "" {
		return m.Run() // each test says that it is skipped
	}
	dir, err := os.MkdirTemp("", "helm-livekit-e2e-")
	if err == nil {
		defer os.RemoveAll(dir)
		s, err = newSuite(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 1
	}
	defer s.removeNamespaces()
	// Ctrl-C removes what was made. The commands that run hear of it by themselves.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		signal.Stop(interrupted)
		fmt.Fprintln(os.Stderr, "interrupted: removing the suite's namespaces")
		s.removeNamespaces()
		os.Exit(130)
	}()
	// Go would run as many as there are processors; cases wait more than they work.
	flag.Parse()
	if err := flag.Set("test.parallel", fmt.Sprint(parallel())); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 1
	}
	code := m.Run()
	s.printTable()
	if err := s.nothingIsLeft(); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		return 1
	}
	return code
}

func newSuite(dir string) (*suite, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	out := &suite{root: root, run: fmt.Sprintf("e2e-%d", os.Getpid()), slots: make(chan struct{}, parallel())}
	if out.cluster, err = kube.Connect(os.Getenv); err != nil {
		return nil, err
	}
	if _, err := out.cluster.Discovery().ServerVersion(); err != nil {
		return nil, fmt.Errorf("the cluster of KUBECONFIG does not answer: %w", err)
	}
	if out.plugin, err = program("HELM_LIVEKIT_BIN", filepath.Join(dir, "helm-livekit"), root, "."); err != nil {
		return nil, err
	}
	companion := filepath.Join(dir, "helm-livekit-cluster")
	out.companion, err = program("HELM_LIVEKIT_CLUSTER_BIN", companion, root, "./cluster/helm-livekit-cluster")
	if err != nil {
		return nil, err
	}
	names := strings.Fields(os.Getenv("HELMS"))
	if len(names) == 0 {
		names = []string{"helm"}
	}
	for _, name := range names {
		file, err := exec.LookPath(name)
		if err != nil {
			return nil, fmt.Errorf("HELMS names the Helms to use (default: helm on the path): %w", err)
		}
		out.helms = append(out.helms, file)
	}
	return out, nil
}

// parallel is how many cases run at a time.
func parallel() int {
	n := 2
	if text := os.Getenv("E2E_PARALLEL"); text != "" {
		_, _ = fmt.Sscan(text, &n)
	}
	return max(n, 1)
}

// program gives the file that a variable names, else builds it.
func program(variable, file, dir, source string) (string, error) {
	if given := os.Getenv(variable); given != "" {
		return filepath.Abs(given)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", file, source)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build in %s: %w\n%s", dir, err, out)
	}
	return file, nil
}

// place waits for a free slot and gives what the case needs of its own.
func place(t *testing.T, name string) *bench {
	t.Helper()
	if s == nil {
		t.Skip(notAsked)
	}
	t.Parallel()
	s.slots <- struct{}{}
	t.Cleanup(func() { <-s.slots })
	return newBench(t, name)
}

// placeAlone is place for a case that others would notice: it runs before those that run
// beside each other.
func placeAlone(t *testing.T, name string) *bench {
	t.Helper()
	if s == nil {
		t.Skip(notAsked)
	}
	return newBench(t, name)
}

const notAsked = "HELM_LIVEKIT_E2E is not set: it needs the cluster of KUBECONFIG, and takes minutes"

func newBench(t *testing.T, name string) *bench {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	b := &bench{T: t, dir: t.TempDir(), helm: s.helms[s.next%len(s.helms)],
		namespace: fmt.Sprintf("%s-%d", s.run, s.next), started: time.Now()}
	b.row.name, b.row.helm, b.row.call = name, helmVersion(b.helm), "-"
	t.Cleanup(func() {
		b.removeNamespace()
		b.row.seconds, b.row.result = time.Since(b.started).Seconds(), "passed"
		if t.Failed() {
			b.row.result = "FAILED"
		} else if t.Skipped() {
			b.row.result = "skipped"
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.rows = append(s.rows, b.row)
	})
	return b
}

var helmVersion = func() func(string) string {
	var known sync.Map
	return func(file string) string {
		if v, ok := known.Load(file); ok {
			return v.(string)
		}
		out, err := exec.Command(file, "version", "--template", "{{.Version}}").Output()
		if err != nil {
			return file
		}
		known.Store(file, string(out))
		return string(out)
	}
}()

// bench is where one case works: a folder, a namespace, a Helm.
type bench struct {
	*testing.T
	dir, helm, namespace string
	started              time.Time
	row                  row
}

// installReport is what the plugin prints of a chart with --install.
type installReport struct {
	Checks []struct{ Name, Status, Detail, Remedy string }
	Trial  struct {
		Helm     string
		Restarts int
		Media    []string
	}
}

func (r installReport) check(name string) (status, detail string) {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Status, c.Detail
		}
	}
	return "", ""
}

func (r installReport) failures() string {
	var out []string
	for _, c := range r.Checks {
		if c.Status == "fail" {
			out = append(out, c.Name+": "+c.Detail+"\n  -> "+c.Remedy)
		}
	}
	return strings.Join(out, "\n")
}

// scaffold writes a chart in a repository of its own and gives its folder.
func (b *bench) scaffold(homelab bool, with ...string) string {
	b.Helper()
	args := []string{"scaffold", "apps/livekit"}
	if len(with) > 0 {
		args = append(args, "--with", strings.Join(with, ","))
	}
	if homelab {
		from := filepath.Join(s.root, "internal/scaffolding/testdata/homelab/apps/localai")
		if err := os.CopyFS(filepath.Join(b.dir, "apps/localai"), os.DirFS(from)); err != nil {
			b.Fatal(err)
		}
		args = append(args, "--like", "apps/localai")
	}
	if out, err := b.command(b.Context(), s.plugin, args...).CombinedOutput(); err != nil {
		b.Fatalf("scaffold: %v\n%s", err, out)
	}
	return filepath.Join(b.dir, "apps/livekit")
}

// values writes a values file.
func (b *bench) values(text string) string {
	b.Helper()
	file := filepath.Join(b.dir, "values.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// command makes a command in the case's folder, which finds the case's Helm and the
// companion.
func (b *bench) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "HELM_BIN="+b.helm, "HELM_LIVEKIT_CLUSTER_BIN="+s.companion)
	cmd.WaitDelay = time.Minute
	return cmd
}

// verify tries a chart by the plugin and gives its report with the exit code.
func (b *bench) verify(chart string, flags ...string) (installReport, int, string) {
	b.Helper()
	args := append([]string{"verify", chart, "--install", "--test-namespace", b.namespace, "-o", "json"}, flags...)
	var stdout, stderr bytes.Buffer
	cmd := b.command(b.Context(), s.plugin, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.Fatal(err)
	}
	var r installReport
	if stdout.Len() > 0 {
		if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
			b.Fatalf("the report: %v\n%s", err, stdout.String())
		}
		b.row.restarts = r.Trial.Restarts
		if len(r.Trial.Media) > 0 {
			b.row.call = strings.Join(r.Trial.Media, ", ")
		}
	}
	return r, cmd.ProcessState.ExitCode(), stderr.String()
}

// mustPass tries a chart, and wants every check to pass and calls over each of ways.
func (b *bench) mustPass(chart string, ways []string, flags ...string) installReport {
	b.Helper()
	r, code, stderr := b.verify(chart, append(flags, "--call")...)
	if code != 0 {
		b.Fatalf("exit code %d\n%s\n%s", code, r.failures(), stderr)
	}
	if r.Trial.Restarts != 0 {
		b.Errorf("%d restarts", r.Trial.Restarts)
	}
	if !slices.Equal(r.Trial.Media, ways) {
		_, detail := r.check("calls")
		b.Errorf("calls over %v, want %v\n%s", r.Trial.Media, ways, detail)
	}
	return r
}

// removeNamespace removes the case's namespace, if it is there. Servers whose Redis goes
// first would take minutes to end: their calls are over.
func (b *bench) removeNamespace() {
	err := s.cluster.CoreV1().Namespaces().Delete(context.Background(), b.namespace, meta.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		b.Errorf("namespace %s: %v", b.namespace, err)
	}
	at := int64(0) // once the namespace is ending, nothing makes new ones
	_ = s.cluster.CoreV1().Pods(b.namespace).DeleteCollection(context.Background(),
		meta.DeleteOptions{GracePeriodSeconds: &at}, meta.ListOptions{})
}

// removeNamespaces removes those of this run, however it ended.
func (s *suite) removeNamespaces() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	list, err := s.cluster.CoreV1().Namespaces().List(ctx, meta.ListOptions{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error: what the suite left is not known:", err)
		return
	}
	for _, n := range list.Items {
		if strings.HasPrefix(n.Name, s.run+"-") {
			_ = s.cluster.CoreV1().Namespaces().Delete(ctx, n.Name, meta.DeleteOptions{})
		}
	}
}

// nothingIsLeft waits until the namespaces and volumes of this run are gone. Those that
// nobody is deleting are a fault.
func (s *suite) nothingIsLeft() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		namespaces, err := s.cluster.CoreV1().Namespaces().List(ctx, meta.ListOptions{})
		if err != nil {
			return fmt.Errorf("what the suite left is not known: %w", err)
		}
		volumes, err := s.cluster.CoreV1().PersistentVolumes().List(ctx, meta.ListOptions{})
		if err != nil {
			return fmt.Errorf("what the suite left is not known: %w", err)
		}
		var left []string
		for _, n := range namespaces.Items {
			if !strings.HasPrefix(n.Name, s.run+"-") {
				continue
			}
			if n.DeletionTimestamp == nil {
				return fmt.Errorf("namespace %s is left", n.Name)
			}
			left = append(left, "namespace "+n.Name)
		}
		for _, v := range volumes.Items {
			if v.Spec.ClaimRef != nil && strings.HasPrefix(v.Spec.ClaimRef.Namespace, s.run+"-") &&
				v.Spec.PersistentVolumeReclaimPolicy == core.PersistentVolumeReclaimDelete {
				left = append(left, "volume "+v.Name)
			}
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("after two minutes there are still: %s", strings.Join(left, ", "))
		case <-time.After(time.Second):
		}
	}
}

func (s *suite) printTable() {
	slices.SortFunc(s.rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	fmt.Printf("\n%-46s %-8s %6s  %8s  %-24s %s\n", "CASE", "HELM", "TIME", "RESTARTS", "CALL", "")
	for _, r := range s.rows {
		fmt.Printf("%-46s %-8s %4.0f s  %8d  %-24s %s\n", r.name, r.helm, r.seconds, r.restarts, r.call, r.result)
	}
	fmt.Println()
}
