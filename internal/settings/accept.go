package settings

import (
	"os"
	"reflect"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// AddAccepted adds accepted differences to a settings file, which is made where it is not there. What is in it stays as
// it is, comments and all. A difference that is there is an error. Before the file is replaced, the new text is read:
// it must say what the old one said, and the new differences, and no more.
func AddAccepted(sheet *factsheet.Sheet, path string, list []Accepted) error {
	const step = "add them by hand, below accepted"
	doc, err := open(path)
	if err != nil {
		return err
	}
	before, err := readDoc(sheet, doc)
	if err != nil {
		return err
	}
	for i, a := range list {
		if isAccepted(a.Finding, slices.Concat(before.Accepted, list[:i])) {
			return remedy.Errorf("change its reason in the file", "%s: %q is accepted already", path, a.Finding)
		}
	}
	text, err := doc.AppendItems("accepted", list)
	if err != nil {
		return remedy.Errorf(step, "%s: %w", path, err)
	}
	if !saysTheSame(doc, text, slices.Concat(before.Accepted, list)) {
		return remedy.Errorf(step, "%s is written in a way in which nothing can be added safely", path)
	}
	if _, err := os.Lstat(path); os.IsNotExist(err) {
		text = SchemaLine + text
	}
	return chartdir.ReplaceFile(path, []byte(text))
}

// saysTheSame holds the new text of a settings file against the old one and the list of
// accepted differences that it is to have.
func saysTheSame(before *yamldoc.Doc, text string, list []Accepted) bool {
	after, err := yamldoc.Parse(before.Name, []byte(text))
	if err != nil || after.Root.Get("accepted") == nil {
		return false
	}
	got, err := readAccepted(before.Name, after.Root.Get("accepted"))
	was, is := before.Map(), after.Map()
	delete(was, "accepted")
	delete(is, "accepted")
	return err == nil && slices.Equal(got, list) && reflect.DeepEqual(was, is)
}

func isAccepted(finding string, list []Accepted) bool {
	return slices.ContainsFunc(list, func(a Accepted) bool { return a.Finding == finding })
}
