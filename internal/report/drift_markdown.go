package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

const (
	// commentMark is the first line, by which CI finds the comment to replace.
	commentMark = "<!-- helm-livekit diff-upstream -->"
	// commentLimit is what GitHub takes as the body of a comment, in characters
	// (github.com/orgs/community/discussions/27190). Bytes are counted here, of which there are never fewer.
	commentLimit = 65536
	// commentReserve is kept for what closes a comment that was cut.
	commentReserve = 600
	// longCell is how many characters of a value a comment shows.
	longCell = 120
	// longProse is the same for a reason or a remedy.
	longProse = 600
)

// DriftMarkdown prints the same for a comment on a pull request: never more than GitHub takes.
func DriftMarkdown(w io.Writer, r *drift.Report, o DriftOptions) error {
	m := &markdown{r: r, o: o, room: commentLimit - commentReserve}
	m.head()
	for _, class := range drift.Classes {
		if o.shows(class) && r.Summary[class] > 0 {
			m.class(class)
		}
	}
	m.scenarios()
	m.end()
	_, err := io.WriteString(w, m.b.String())
	return err
}

// markdown is a comment on its way, with the bytes that are left.
type markdown struct {
	r       *drift.Report
	o       DriftOptions
	b       strings.Builder
	room    int
	leftOut int
}

// add writes a block if there is room for it, and for what has to follow it.
func (m *markdown) add(block string, following int) bool {
	if m.b.Len()+len(block)+following > m.room {
		return false
	}
	m.b.WriteString(block)
	return true
}

func (m *markdown) head() {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n### %s\n\n%s", commentMark, mdProse(driftHeadline(m.r)), mdText(driftCompared(m.r)))
	for _, news := range driftNews(m.r) {
		fmt.Fprintf(&b, " %s", mdProse(news))
	}
	b.WriteString("\n\n| | chart | upstream |\n| --- | --- | --- |\n")
	for _, row := range sideRows(m.r, shortDigest) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row[0], mdCell(row[1]), mdCell(row[2]))
	}
	b.WriteString("\n| class | findings | what it says |\n| --- | ---: | --- |\n")
	for _, c := range drift.Classes {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", classWords[c].title, m.r.Summary[c], classWords[c].about)
	}
	m.b.WriteString(b.String())
}

// class prints drift in the open and everything else folded.
func (m *markdown) class(class drift.Class) {
	words := classWords[class]
	open, end := fmt.Sprintf("\n#### %s\n", words.title), ""
	if class != drift.Drift {
		open = fmt.Sprintf(
			"\n<details>\n<summary>%s (%d): %s</summary>\n", words.title, m.r.Summary[class], words.about,
		)
		end = "\n</details>\n"
	}
	groups := groupDrift(m.r, class)
	if !m.add(open, len(end)+200) {
		m.leftOut += m.r.Summary[class]
		return
	}
	title := ""
	for _, g := range groups {
		heading := ""
		if g.title != title {
			title = g.title
			heading = "\n**" + mdText(cut(visible(title), longCell)) + "**\n"
		}
		m.group(heading, g, len(end))
	}
	m.b.WriteString(end)
}

// group prints the findings of one reason as a table with the reason below it, as many rows as there is room for.
func (m *markdown) group(heading string, g driftGroup, following int) {
	below := m.because(g)
	head := heading + "\n| where | upstream | chart |\n| --- | --- | --- |\n"
	rows, shown := "", 0
	for _, f := range g.findings {
		row := m.row(f)
		if m.b.Len()+len(head)+len(rows)+len(row)+len(below)+following > m.room {
			break
		}
		rows += row
		shown++
	}
	m.leftOut += len(g.findings) - shown
	if shown > 0 {
		m.b.WriteString(head + rows + below)
	}
}

func (m *markdown) row(f drift.Finding) string {
	cell := func(v any) string {
		if v == nil {
			return "*absent*"
		}
		return mdCell(valueText(v))
	}
	return fmt.Sprintf("| %s | %s | %s |\n", mdCell(location(f)), cell(f.Upstream), cell(f.Chart))
}

func (m *markdown) because(g driftGroup) string {
	var b strings.Builder
	b.WriteByte('\n')
	if g.why != "" {
		b.WriteString(mdProse(sentence(g.why)))
	}
	if g.remedy != "" {
		fmt.Fprintf(&b, " **To do:** %s", mdRemedy(cut(visible(oneLine(g.remedy)), longProse)))
	}
	if names := scenarioNames(g.findings, len(m.r.Scenarios)); names != "" {
		fmt.Fprintf(&b, " *In %s.*", mdProse(names))
	}
	b.WriteByte('\n')
	return b.String()
}

// mdCell sets what may be long as code.
func mdCell(s string) string { return mdCode(cut(oneLine(visible(s)), longCell)) }

// mdProse sets a sentence that may be long.
func mdProse(s string) string { return mdText(cut(oneLine(visible(s)), longProse)) }

// mdRemedy sets a command as code; anything else is prose.
func mdRemedy(s string) string {
	if strings.HasPrefix(s, "helm ") && !strings.Contains(s, "`") {
		return mdCode(s)
	}
	return mdText(sentence(s))
}

// scenarios lists what was rendered, and notes what was not.
func (m *markdown) scenarios() {
	var b strings.Builder
	for _, s := range m.r.Scenarios {
		if s.Error != "" {
			fmt.Fprintf(&b, "- Scenario %s did not render: %s\n", mdCell(s.Name), mdProse(s.Error))
		}
	}
	for _, note := range m.r.Notes {
		fmt.Fprintf(&b, "- %s\n", mdProse(note))
	}
	if b.Len() > 0 {
		m.add("\n#### Notes\n\n"+b.String(), 0)
	}
}

// end says what is not in the comment, for lack of room or of interest.
func (m *markdown) end() {
	hidden := 0
	for _, c := range drift.Classes {
		if !m.o.shows(c) {
			hidden += m.r.Summary[c]
		}
	}
	if m.leftOut > 0 {
		fmt.Fprintf(&m.b, "\n%s left out here, as a comment has no room for more.\n",
			number(m.leftOut, "finding is", "findings are"))
	}
	if hidden > 0 || m.leftOut > 0 {
		m.b.WriteString("\nAll of them, with both charts side by side: `helm livekit diff-upstream -o html`.\n")
	}
}

// mdCode sets a text as code within a line, and within a table. A fence is longer than any run of backticks in the
// text; a pipe is escaped, which GitHub asks for in the code of a table too.
func mdCode(s string) string {
	s = strings.ReplaceAll(oneLine(s), "|", `\|`)
	if s == "" {
		return "`\"\"`"
	}
	if !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	fence := "``"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	return fence + " " + s + " " + fence
}

// codeSpan is a text between backticks.
var codeSpan = regexp.MustCompile("`[^`\n]+`")

// mdText escapes prose; what it has in backticks stays code.
func mdText(s string) string {
	var b strings.Builder
	last := 0
	for _, at := range codeSpan.FindAllStringIndex(s, -1) {
		b.WriteString(mdEscape(s[last:at[0]]))
		b.WriteString(mdCode(s[at[0]+1 : at[1]-1]))
		last = at[1]
	}
	b.WriteString(mdEscape(s[last:]))
	return b.String()
}

// mdEscape takes from a text all that Markdown and HTML would read in it. Names of people and numbers of issues get a
// comment behind their sign, so that nobody is called and nothing is linked.
func mdEscape(s string) string {
	s = mdSpecial.Replace(oneLine(s))
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		return `\` + s
	}
	return s
}

var mdSpecial = strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "@<!-- -->", "#", "#<!-- -->",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`,
	"!", `\!`, "$", `\$`, "://", ":<!-- -->//")
