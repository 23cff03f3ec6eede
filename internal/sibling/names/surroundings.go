package names

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Surroundings finds what speaks for charts from outside their own values.yaml: values files of environments, beside,
// below and above them. One is for all charts of a repository, as many lie in the same folders.
type Surroundings struct {
	root  string // of the repository; nothing above it counts
	mu    sync.Mutex
	lists map[string][]string // YAML files by folder
}

// NewSurroundings is for the charts of the repository at root; "" is for charts whose own folders alone count.
func NewSurroundings(root string) *Surroundings {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	return &Surroundings{root: root, lists: map[string][]string{}}
}

// Bounds of the search around one chart.
const (
	maxFolders     = 60  // below one folder
	maxFilesListed = 500 // in one folder
	maxValuesFiles = 30
)

// valuesFolders are names of folders that hold values files, or one folder a stage.
var valuesFolders = []string{
	"values", "env", "envs", "environment", "environments", "stage", "stages", "overlays", "config", "deploy",
}

var (
	stageWord = regexp.MustCompile(`^(dev|devel|development|tst|test|testing|qa|int|integration|sandbox|stage|` +
		`staging|stg|uat|acc|acceptance|pre|preprod|preproduction|prod|production|prd|live|local|demo|preview|lab|` +
		`home|homelab)\d*$`)
	liveWord    = regexp.MustCompile(`(^|-)(prod|production|prd|live|home|homelab)\d*($|-)`)
	regionWord  = regexp.MustCompile(`^(eu|us|ap|west|east|north|south|central|[a-z]?\d+)$`)
	plainWord   = regexp.MustCompile(`^(values?|common|global|all|defaults?|config|helm|chart|app|{name}|)$`)
	exampleWord = regexp.MustCompile(`^(ci|examples?|samples?|templates?|schema|tests?|minimal)$`)
)

// isStage reports whether a text is the name of a stage, with a region or a number beside it or without.
func isStage(text string) bool {
	words := strings.Split(text, "-")
	isKnown := func(word string) bool { return stageWord.MatchString(word) || regionWord.MatchString(word) }
	return stageWord.MatchString(words[0]) && !slices.ContainsFunc(words, func(w string) bool { return !isKnown(w) })
}

// candidate is a values file that may be a chart's.
type candidate struct {
	path    string // of the file
	stage   string
	isNamed bool // it is this chart's and no other's
	// isCalledValues says that its name leaves no doubt of what it is.
	isCalledValues bool
}

// candidates lists the values files around the chart in a folder, those in it first.
func (a *Surroundings) candidates(home, chart string) []candidate {
	home, err := filepath.Abs(home)
	if err == nil {
		home, err = filepath.EvalSymlinks(home)
	}
	if err != nil {
		return nil
	}
	var out []candidate
	for dir := home; ; dir = filepath.Dir(dir) {
		for _, file := range a.files(dir, dir == home) {
			if c, ok := judgeFile(dir, file, chart, dir == home); ok && len(out) < maxValuesFiles {
				out = append(out, c)
			}
		}
		rel, err := filepath.Rel(a.root, dir)
		if a.root == "" || err != nil || rel == "." || !filepath.IsLocal(rel) {
			return out
		}
	}
}

// files lists the YAML files of a folder and of the folders for values below it, with slashes.
func (a *Surroundings) files(dir string, isChart bool) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if list, ok := a.lists[dir]; ok {
		return list
	}
	var list []string
	folders := 0
	var look func(below string, depth int)
	look = func(below string, depth int) {
		entries, _ := os.ReadDir(filepath.Join(dir, below)) // one that cannot be read has no files
		for _, e := range entries[:min(len(entries), maxFilesListed)] {
			name := path.Join(below, e.Name())
			ext := path.Ext(name)
			isValues := slices.Contains(valuesFolders, strings.ToLower(e.Name())) || isStage(strings.ToLower(e.Name()))
			switch {
			case e.Type().IsRegular() && (ext == ".yaml" || ext == ".yml"):
				list = append(list, name)
			case !e.IsDir() || depth == 3 || folders == maxFolders || depth == 0 && !isValues:
			default:
				if is, _ := helmchart.IsChartDir(filepath.Join(dir, name)); !is {
					folders++
					look(name, depth+1)
				}
			}
		}
	}
	look("", 0)
	if !isChart {
		a.lists[dir] = list // a chart's own folder is asked for once
	}
	return list
}

// judgeFile tells by its path whether a file below a folder has values of a chart: one in the chart may be called
// for anything, one above has to name the chart, or to be for all charts of a stage.
func judgeFile(dir, file, chart string, inChart bool) (candidate, bool) {
	segments := strings.Split(strings.TrimSuffix(file, path.Ext(file)), "/")
	isInFolder := slices.Contains(valuesFolders, strings.ToLower(segments[0])) || isStage(strings.ToLower(segments[0]))
	base := strings.ToLower(segments[len(segments)-1])
	if len(segments) == 1 && !strings.Contains(base, "values") && (inChart || WithName(base, chart) == base) {
		return candidate{}, false
	}
	c := candidate{path: filepath.Join(dir, filepath.FromSlash(file)), isNamed: inChart}
	var stage []string
	for i, segment := range segments {
		named := WithName(strings.ToLower(segment), chart)
		c.isNamed = c.isNamed || strings.Contains(named, "{name}")
		// Whatever lies in a folder env/ is called like a stage.
		isFree := inChart || isInFolder && i > 0 && i < len(segments)-1
		for _, word := range wordBreak.Split(named, -1) {
			isFolder := i == 0 && len(segments) > 1 && slices.Contains(valuesFolders, word)
			switch {
			case plainWord.MatchString(word) || isFolder:
			case exampleWord.MatchString(word) && word != "test":
				return candidate{}, false
			case stageWord.MatchString(word), regionWord.MatchString(word) && len(stage) > 0, isFree:
				stage = append(stage, word)
			default:
				return candidate{}, false // another's
			}
		}
	}
	c.stage, c.isCalledValues = strings.Join(stage, "-"), strings.Contains(base, "values")
	if inChart { // where there are files of all kinds
		return c, isStage(c.stage) || c.stage != "" && c.isCalledValues
	}
	return c, c.isNamed || c.stage != ""
}
