package main

import (
	"path"
	"slices"
	"strings"
)

// kind is one way to change a chart.
type kind struct {
	name string
	in   func(file string) bool
	find func(f *finder, t *text) // adds the mutations of one file
	// neutral tells that the kind is meant to change nothing that is rendered. Whether a mutation does is
	// measured all the same.
	neutral bool
}

// Parts of patterns. A pattern's first group is what a mutation replaces; alternatives without it pass over
// what is to stay.
const (
	keyPart    = `(?:"[^"\n]*"|'[^'\n]*'|[\w./-]+)`
	fieldStart = `(?m)^ *(?:- +)?` + keyPart + `:`
	aValue     = `(?m)^ *(?:(?:- +)?` + keyPart + `:[ \t]+|- +)([^#\s].*?)(?:[ \t]+#.*)?[ \t]*$`
	aKey       = `(?m)^ *(?:- +)?([\w./-]+):(?:[ \t]|$)`
	aLine      = `(?m)^(( *)` + keyPart + `:)`
	aWord      = `(?m)^ *(?:apiVersion|kind):.*|^ *(?:- +)?` + keyPart + `:(?:[ \t]|$)|(?:^|[ \t])#.*|` +
		actionPart + `|([\w./-]*\w)`
	aString    = `"(?:[^"\\]|\\.)*"|` + "`[^`]*`"
	aLiteral   = `\b(?:include|define|template|block) "[^"]*"|n?indent \d+|(` + aString + `|\b\d[\w.]*|\btrue\b|\bfalse\b)`
	aFunction  = `\| *n?indent +\d+|(\| *\w+(?: +(?:` + aString + `|[\w.$]+|\([^()]*\)))*)`
	anOperator = aString + `|[.$]\w+|\b(eq|ne|and|or|lt|ge|gt|le|first|last)\b`
	aCondition = `(?s)^\{\{-? *(?:else +)?if +(.+?)\s*-?\}\}$`
	aDefault   = `(?:\{\{-?|\(|:=|with|if|range) *(([.$"\w][^\s()|]*) \| default ([.$"\w][^\s()|]*))`
	aPort      = `(?m)^ *(?:- +)?(?:port|containerPort|hostPort|targetPort|nodePort): +(.*\S)$`
	chartKeys  = `(?:name|version|appVersion|kubeVersion)`
	aboutKeys  = `(?:description|home|icon|sources|keywords|maintainers)`
)

// allKinds lists the kinds, those that are meant to change something first.
func allKinds() []kind {
	kinds := changingKinds()
	for _, k := range neutralKinds() {
		k.neutral = true
		kinds = append(kinds, k)
	}
	return kinds
}

func changingKinds() []kind {
	changeText := rewrite(aWord, first(otherText))
	return []kind{
		{name: "field-removed", in: isYAMLTemplate, find: removeBlocks(block.isSingleField)},
		{name: "block-removed", in: isYAMLTemplate, find: removeBlocks(block.isNestedField)},
		{name: "env-removed", in: isYAMLTemplate, find: removeBlocks(elementOf("env"))},
		{name: "port-removed", in: isYAMLTemplate, find: removeBlocks(elementOf("ports"))},
		{name: "volume-removed", in: isYAMLTemplate, find: removeBlocks(elementOf("volumes", "volumeMounts"))},
		{name: "element-removed", in: isYAMLTemplate, find: removeBlocks(block.isOtherElement)},
		{name: "branch-removed", in: isYAMLTemplate, find: removeBlocks(block.isStructure)},
		{name: "template-removed", in: isYAMLTemplate, find: removeFile},
		{name: "scalar-changed", in: isObjects, find: changeText},
		{name: "helper-text-changed", in: isPartial, find: each(changeText, rewriteActions(aLiteral, first(otherScalar)))},
		{name: "argument-changed", in: isObjects, find: rewriteActions(aLiteral, first(otherScalar))},
		{name: "ports-swapped", in: isYAMLTemplate, find: swapValues(aPort, 3)},
		{name: "names-swapped", in: isYAMLTemplate, find: swapValues(`(?m)^ *(?:- +)?name: +(.*\S)$`, 3)},
		{name: "version-changed", in: isYAMLTemplate, find: rewrite(`(?m)^ *apiVersion: +([^{\s]+)$`, first(otherVersion))},
		{name: "object-kind-changed", in: isYAMLTemplate, find: rewrite(`(?m)^ *kind: +(\w+)$`, first(otherKind))},
		{name: "function-removed", in: isYAMLTemplate, find: rewriteActions(aFunction, with(""))},
		{name: "indent-changed", in: isYAMLTemplate, find: each(
			rewriteActions(`n?indent +(\d+)`, add(-2)), rewriteActions(`n?indent +(\d+)`, add(2)))},
		{name: "reference-renamed", in: isYAMLTemplate, find: rewriteActions(`\$?(\.Values(?:\.\w+)+)`, with("${1}Renamed"))},
		{name: "helper-swapped", in: isYAMLTemplate, find: swapHelpers},
		{name: "field-moved-up", in: isYAMLTemplate, find: moveUp},
		{name: "key-changed", in: isYAMLTemplate, find: rewrite(aKey, with("${1}Renamed"))},
		{name: "condition-inverted", in: isYAMLTemplate, find: rewriteActions(aCondition, around("not (", ")"))},
		{name: "operator-swapped", in: isYAMLTemplate, find: rewriteActions(anOperator, first(otherOperator))},
		{name: "condition-removed", in: isYAMLTemplate, find: removeConditions},
		{name: "field-added", in: isYAMLTemplate, find: insertLine("mutated: mutated")},
		{name: "annotation-added", in: isYAMLTemplate, find: addMetadata("annotations")},
		{name: "label-added", in: isYAMLTemplate, find: each(addMetadata("labels"), addMetadata("matchLabels"))},
		{name: "element-duplicated", in: isYAMLTemplate, find: duplicateElements},
		{name: "object-added", in: isYAMLTemplate, find: addObjects},
		{name: "default-changed", in: isValues, find: rewrite(aValue, first(otherDefault))},
		{name: "default-null", in: isValues, find: setNull},
		{name: "default-removed", in: isValues, find: removeBlocks(block.isField)},
		{name: "value-renamed", in: isValues, find: rewrite(aKey, with("${1}Renamed"))},
		{name: "default-type-changed", in: isValues, find: rewrite(aValue, first(otherType))},
		{name: "default-ports-swapped", in: isValues, find: swapValues(`(?im)^ *\w*port\w*: +(\d+)$`, 1000)},
		{name: "chart-yaml-changed", in: isChartYAML, find: each(rewrite(`(?m)^`+chartKeys+`: (.*)$`, first(otherScalar)),
			rewrite(`(?m)^(`+chartKeys+`: .*\n)`, with("")))},
	}
}

func neutralKinds() []kind {
	return []kind{
		{name: "keys-reordered", in: isYAMLTemplate, find: swapNeighbors(block.isField)},
		{name: "values-reordered", in: isValues, find: swapNeighbors(block.isField)},
		{name: "elements-reordered", in: isYAMLTemplate, find: swapNeighbors(block.isMergedElement)},
		{name: "quotes-changed", in: isYAML, find: each(
			rewrite(aValue, first(otherQuotes)), rewriteActions("(\"[^\"\\\\`]*\")", first(withBackquotes)))},
		{name: "flow-changed", in: isYAML, find: each(
			rewrite(`(?m)^(( *)(`+keyPart+`:) \[([^\[\]{}"'\n]+)\])$`, asBlock),
			rewrite(`(?m)^(( *`+keyPart+`:)\n((?: *- [\w./ -]+\n)+))`, onOneLine))},
		{name: "list-indent-changed", in: isYAML, find: changeListIndent},
		{name: "blank-line-changed", in: isYAML, find: each(
			rewrite(`(`+fieldStart+`)`, with("\n${1}")), rewrite(`(?m)^(\n)`, with("")))},
		{name: "whitespace-changed", in: isYAML, find: each(
			rewrite(`(?m)^( *(?:(?:- +)?`+keyPart+`:|#).*)$`, with("${1}  ")), // at the end of the line
			rewrite(fieldStart+`( )[^\s{\[|>&*!#]`, with("  ")),               // before the value
			rewriteActions(`^(\{\{-? )`, with("${1} ")), rewriteActions(`^(\{\{-)`, with("{{")),
			rewriteActions(`(-\}\})$`, with("}}")))},
		{name: "condition-doubled", in: isYAMLTemplate, find: rewriteActions(aCondition, around("not (not (", "))"))},
		{name: "variable-renamed", in: isYAMLTemplate, find: renameVariables},
		{name: "helper-renamed", in: isYAMLTemplate, find: renameHelpers},
		{name: "template-renamed", in: isYAMLTemplate, find: renameFile},
		{name: "default-turned", in: isYAMLTemplate, find: rewriteActions(aDefault, with("default ${3} ${2}"))},
		{name: "comment-added", in: isYAML, find: each(
			insertLine("# Mutated"), when(isTemplate, insertLine("{{- /* Mutated */}}")))},
		{name: "comment-removed", in: isYAML, find: each(rewrite(`(?m)^( *#.*\n)`, with("")),
			rewrite(`(?m)^( *\{\{-?\s*/\*(?s:.*?)\*/\s*-?\}\}\n)`, with("")))},
		{name: "text-changed", in: isText, find: each(
			when(isProse, each(rewrite(`(?m)^(.*\S.*)$`, with("Mutated ${1}")), rewrite(`(?m)^(.*\S.*\n)`, with("")))),
			when(isChartYAML, each(rewrite(`(?m)^`+aboutKeys+`: +(\w.*)$`, with("${1}-mutated")),
				rewrite(`(?m)^(`+aboutKeys+`:.*\n(?:[ -].*\n)*)`, with("")))))},
		{name: "value-added", in: isValues, find: insertLine("mutated: mutated")},
	}
}

// each finds what several functions do.
func each(finds ...func(*finder, *text)) func(*finder, *text) {
	return func(f *finder, t *text) {
		for _, find := range finds {
			find(f, t)
		}
	}
}

// when finds what a function does in some files.
func when(in func(file string) bool, find func(*finder, *text)) func(*finder, *text) {
	return func(f *finder, t *text) {
		if in(t.name) {
			find(f, t)
		}
	}
}

func isTemplate(file string) bool { return strings.HasPrefix(file, "templates/") }

func isPartial(file string) bool { return isTemplate(file) && path.Ext(file) == ".tpl" }

// isObjects tells templates of objects.
func isObjects(file string) bool {
	return isTemplate(file) && slices.Contains([]string{".yaml", ".yml"}, path.Ext(file))
}

func isYAMLTemplate(file string) bool { return isObjects(file) || isPartial(file) }

func isValues(file string) bool { return file == "values.yaml" }

func isYAML(file string) bool { return isYAMLTemplate(file) || isValues(file) }

func isChartYAML(file string) bool { return file == "Chart.yaml" }

func isProse(file string) bool { return path.Ext(file) == ".md" || file == "templates/NOTES.txt" }

func isText(file string) bool { return isProse(file) || isChartYAML(file) }
