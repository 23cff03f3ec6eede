package report

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

const (
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
	t, err := parse("comment", template.FuncMap{
		"prose": mdProse, "text": mdText, "cell": mdCell, "value": mdValue, "remedy": mdRemedy, "digest": shortDigest,
		"title": func(s string) string { return mdText(cut(oneLine(visible(s)), longCell)) },
	})
	if err != nil {
		return err
	}
	c := &comment{driftView: newView(r, o), template: t}
	c.print()
	if c.err != nil {
		return fmt.Errorf("print a report: %w", c.err)
	}
	_, err = io.WriteString(w, c.b.String())
	return err
}

// comment is a comment on its way. The template has its blocks, of which only those are written that there is room for.
type comment struct {
	driftView
	template *template.Template
	b        strings.Builder
	leftOut  int   // findings without room
	err      error // the first one
}

func (c *comment) print() {
	c.b.WriteString(c.block("head", c))
	hidden := 0
	for _, class := range c.ByClass() {
		if !class.IsShown {
			hidden += class.Count
		} else if class.Count > 0 {
			c.class(class)
		}
	}
	if notes := c.block("notes", c); len(c.Notes)+len(c.Unrendered()) > 0 && c.fits(notes, 0) {
		c.b.WriteString(notes)
	}
	if coverage := c.block("coverage", c); c.Branches() != "" && c.fits(coverage, 0) {
		c.b.WriteString(coverage)
	}
	if c.leftOut > 0 {
		c.b.WriteString(c.block("left out", number(c.leftOut, "finding is", "findings are")))
	}
	if hidden > 0 || c.leftOut > 0 {
		c.b.WriteString(c.block("more", nil))
	}
}

// block fills in one of the template's blocks.
func (c *comment) block(name string, data any) string {
	var b strings.Builder
	c.err = cmp.Or(c.err, c.template.ExecuteTemplate(&b, name, data))
	return b.String()
}

// fits reports whether there is room for a block, and for what has to follow it.
func (c *comment) fits(block string, following int) bool {
	return c.b.Len()+len(block)+following <= commentLimit-commentReserve
}

// class prints drift in the open and everything else folded.
func (c *comment) class(class driftClass) {
	end := ""
	if class.ID != drift.Drift {
		end = "\n</details>\n"
	}
	open := c.block("class", class)
	if !c.fits(open, len(end)+200) {
		c.leftOut += class.Findings
		return
	}
	c.b.WriteString(open)
	if class.ID == drift.Drift {
		for _, change := range c.Drift() {
			c.change(change)
		}
	} else {
		for _, g := range c.Groups(class.ID) {
			c.group(g, len(end))
		}
	}
	c.b.WriteString(end)
}

// change prints a change with a table of its places, as many rows as there is room for.
func (c *comment) change(change *driftChange) {
	with := func(rows int) string {
		return c.block("change", struct {
			*driftChange
			Rows []driftPlace
		}{change, change.Places[:rows]})
	}
	rows := sort.Search(len(change.Places), func(i int) bool { return !c.fits(with(i+1), 0) })
	c.leftOut += len(change.Places) - rows
	if rows > 0 {
		c.b.WriteString(with(rows))
	}
}

// group prints the findings of one reason as a table with the reason below it, as many rows as there is room for.
func (c *comment) group(g *driftGroup, following int) {
	with := func(rows int) string {
		return c.block("group", struct {
			*driftGroup
			Rows []drift.Finding
		}{g, g.First(rows)})
	}
	rows := sort.Search(len(g.Findings), func(i int) bool { return !c.fits(with(i+1), following) })
	c.leftOut += g.Beyond(rows)
	if rows > 0 {
		c.b.WriteString(with(rows))
	}
}

func mdValue(v any) string {
	if v == nil {
		return "*absent*"
	}
	return mdCell(valueText(v))
}

// mdCell sets what may be long as code.
func mdCell(s string) string { return mdCode(cut(oneLine(visible(s)), longCell)) }

// mdProse sets a sentence that may be long.
func mdProse(s string) string { return mdText(cut(oneLine(visible(s)), longProse)) }

// mdRemedy sets a command as code; anything else is prose.
func mdRemedy(s string) string {
	s = cut(visible(oneLine(s)), longProse)
	if strings.HasPrefix(s, "helm ") && !strings.Contains(s, "`") {
		return mdCode(s)
	}
	return mdText(sentence(s))
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
