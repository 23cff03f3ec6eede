package main

import (
	"regexp"
	"strings"
)

// kind is one way to change a chart.
type kind struct {
	name string
	in   string // a pattern of file names
	find operator
	// neutral tells that the kind is meant to change nothing that is rendered. Whether a mutation does is
	// measured all the same.
	neutral bool
}

// Files, by patterns of their names.
const (
	yamlTemplates      = `^templates/.*\.(ya?ml|tpl)$`
	objects            = `^templates/.*\.ya?ml$`
	partials           = `^templates/.*\.tpl$`
	values             = `^values\.yaml$`
	templatesAndValues = yamlTemplates + `|` + values
	chartYAML          = `^Chart\.yaml$`
	prose              = `\.md$|^templates/NOTES\.txt$`
)

// Parts of patterns. A pattern's first group is what a mutation replaces; alternatives without it pass over
// what is to stay.
const (
	keyPart    = `(?:"[^"\n]*"|'[^'\n]*'|[\w./-]+)`
	fieldStart = `(?m)^ *(?:- +)?` + keyPart + `:`
	aField     = fieldStart + ` +`
	aValue     = `(?m)^ *(?:(?:- +)?` + keyPart + `:[ \t]+|- +)([^#\s].*?)(?:[ \t]+#.*)?[ \t]*$`
	aKey       = `(?m)^ *(?:- +)?([\w./-]+):(?:[ \t]|$)`
	aLine      = `(?m)^(( *)` + keyPart + `:)`
	aWord      = `(?m)^ *(?:apiVersion|kind):.*|^ *(?:- +)?` + keyPart + `:(?:[ \t]|$)|(?:^|[ \t])#.*|` +
		actionPart + `|([\w./-]*\w)`
	actionPart = `\{\{(?:-?\s*/\*(?s:.*?)\*/\s*|(?:"(?:[^"\\]|\\.)*"|` + "`[^`]*`|[^\"`])*?)\\}\\}"
	aString    = `"(?:[^"\\]|\\.)*"|` + "`[^`]*`"
	aLiteral   = `\b(?:include|define|template|block) "[^"]*"|n?indent \d+|` +
		`(` + aString + `|\b\d[\w.]*|\btrue\b|\bfalse\b)`
	aFunction  = `\| *n?indent +\d+|(\| *\w+(?: +(?:` + aString + `|[\w.$]+|\([^()]*\)))*)`
	anOperator = aString + `|[.$]\w+|\b(eq|ne|and|or|lt|ge|gt|le|first|last)\b`
	aCondition = `(?s)^\{\{-? *(?:else +)?if +((?:[^:]|:[^=])+?)\s*-?\}\}$`
	aDefault   = `(?:\{\{-?|\(|:=|with|if|range) *(([.$"\w][^\s()|]*) \| default ([.$"\w][^\s()|]*))`
	aPort      = `(?m)^ *(?:- +)?(?:port|containerPort|hostPort|targetPort|nodePort): +(.*\S)$`
	chartKeys  = `(?:name|version|appVersion|kubeVersion)`
	aboutKeys  = `(?:description|home|icon|sources|keywords|maintainers)`
)

var actionPattern = regexp.MustCompile(actionPart)

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
	return []kind{
		{name: "field-removed", in: yamlTemplates, find: removeBlocks(isField)},
		{name: "env-removed", in: yamlTemplates, find: removeBlocks(elementOf("env"))},
		{name: "port-removed", in: yamlTemplates, find: removeBlocks(elementOf("ports"))},
		{name: "element-removed", in: yamlTemplates, find: removeBlocks(isElement)},
		{name: "branch-removed", in: yamlTemplates, find: removeBlocks(isStructure)},
		{name: "template-removed", in: yamlTemplates, find: removeFile},
		{name: "scalar-changed", in: yamlTemplates, find: rewrite(aWord, other(otherText))},
		{name: "argument-changed", in: yamlTemplates, find: rewriteActions(aLiteral, other(otherScalar))},
		{name: "ports-swapped", in: yamlTemplates, find: swapValues(aPort, 3)},
		{name: "names-swapped", in: yamlTemplates, find: swapValues(`(?m)^ *(?:- +)?name: +(.*\S)$`, 3)},
		{name: "version-changed", in: yamlTemplates, find: rewrite(
			`(?m)^ *apiVersion: +([^{\s]*v\d+)$`, with("${1}beta1"))},
		{name: "object-kind-changed", in: yamlTemplates, find: rewrite(`(?m)^ *kind: +(\w+)$`, other(otherText))},
		{name: "function-removed", in: yamlTemplates, find: rewriteActions(aFunction, with(""))},
		{name: "reference-renamed", in: yamlTemplates, find: rewriteActions(
			`\$?(\.Values(?:\.\w+)+)`, with("${1}Renamed"))},
		{name: "key-changed", in: yamlTemplates, find: rewrite(aKey, with("${1}Renamed"))},
		{name: "condition-inverted", in: yamlTemplates, find: rewriteActions(aCondition, with("not (${1})"))},
		{name: "operator-swapped", in: yamlTemplates, find: rewriteActions(anOperator, other(otherText))},
		{name: "condition-removed", in: yamlTemplates, find: rewriteBlocks(isStructure, inner)},
		{name: "field-added", in: yamlTemplates, find: insertLine("mutated: mutated")},
		{name: "annotation-added", in: yamlTemplates, find: addMetadata("annotations")},
		{name: "label-added", in: yamlTemplates, find: each(addMetadata("labels"),
			rewrite(`(?m)^(( *)matchLabels:\n)`, with("${1}${2}  "+anEntry)))},
		{name: "element-duplicated", in: yamlTemplates, find: rewriteBlocks(isNamedElement, twice)},
		{name: "object-added", in: chartYAML, find: addObjects},
		{name: "default-changed", in: values, find: rewrite(aValue, other(otherDefault))},
		{name: "default-null", in: values, find: rewriteBlocks(isField, withNull)},
		{name: "default-removed", in: values, find: removeBlocks(isField)},
		{name: "value-renamed", in: values, find: rewrite(aKey, with("${1}Renamed"))},
		{name: "default-type-changed", in: values, find: each(
			rewrite(aField+`([\d.]+|true|false)$`, with(`"${1}"`)), rewrite(aField+`("([\d.]+)")$`, with("${2}")))},
		{name: "default-ports-swapped", in: values, find: swapValues(`(?im)^ *\w*port\w*: +(\d+)$`, 1000)},
		{name: "chart-yaml-changed", in: chartYAML, find: each(rewrite(`(?m)^`+chartKeys+`: (.*)$`, other(otherScalar)),
			rewrite(`(?m)^(`+chartKeys+`: .*\n)`, with("")))},
	}
}

func neutralKinds() []kind {
	return []kind{
		{name: "keys-reordered", in: yamlTemplates, find: swapNeighbors(isField)},
		{name: "values-reordered", in: values, find: swapNeighbors(isField)},
		{name: "elements-reordered", in: yamlTemplates, find: swapNeighbors(
			elementOf("env", "ports", "volumes", "volumeMounts", "imagePullSecrets"))},
		{name: "quotes-changed", in: templatesAndValues, find: each(
			rewrite(aField+`("([^"'\\{\n]*)")$`, with("'${2}'")),
			rewrite(aField+`([A-Za-z/][\w./ -]*)$`, other(inQuotes)),
			rewriteActions("(\"([^\"\\\\`]*)\")", with("`${2}`")))},
		{name: "blank-line-changed", in: templatesAndValues, find: each(
			rewrite(`(`+fieldStart+`)`, with("\n${1}")), rewrite(`(?m)^(\n)`, with("")))},
		{name: "whitespace-changed", in: templatesAndValues, find: each(
			rewrite(`(?m)^( *(?:(?:- +)?`+keyPart+`:|#).*)$`, with("${1}  ")), // at the end of the line
			rewrite(fieldStart+`( )[^\s{\[|>&*!#]`, with("  ")),               // before the value
			rewriteActions(`^(\{\{-? )`, with("${1} ")), rewriteActions(`^(\{\{-)`, with("{{")),
			rewriteActions(`(-\}\})$`, with("}}")))},
		{name: "condition-doubled", in: yamlTemplates, find: rewriteActions(aCondition, with("not (not (${1}))"))},
		{name: "variable-renamed", in: yamlTemplates, find: within(renameVariables)},
		{name: "helper-renamed", in: yamlTemplates, find: renameHelpers},
		{name: "template-renamed", in: yamlTemplates, find: renameFile},
		{name: "default-turned", in: yamlTemplates, find: rewriteActions(aDefault, with("default ${3} ${2}"))},
		{name: "comment-added", in: templatesAndValues, find: insertLine("# Mutated")},
		{name: "template-comment-added", in: yamlTemplates, find: insertLine("{{- /* Mutated */}}")},
		{name: "comment-removed", in: templatesAndValues, find: each(rewrite(`(?m)^( *#.*\n)`, with("")),
			rewrite(`(?m)^( *\{\{-?\s*/\*(?s:.*?)\*/\s*-?\}\}\n)`, with("")))},
		{name: "text-changed", in: prose, find: each(
			rewrite(`(?m)^(.*\S.*)$`, with("Mutated ${1}")), rewrite(`(?m)^(.*\S.*\n)`, with("")))},
		{name: "about-changed", in: chartYAML, find: each(rewrite(`(?m)^`+aboutKeys+`: +(\w.*)$`, with("${1}-mutated")),
			rewrite(`(?m)^(`+aboutKeys+`:.*\n(?:[ -].*\n)*)`, with("")))},
		{name: "value-added", in: values, find: insertLine("mutated: mutated")},
	}
}

// anEntry is what is added to labels and annotations.
const anEntry = "example.com/mutated: mutated\n"

// addMetadata adds an entry to annotations or labels, and the whole map to metadata.
func addMetadata(key string) operator {
	return each(rewrite(`(?m)^(( *)`+key+`:\n)`, with("${1}${2}  "+anEntry)),
		rewrite(`(?m)^(( *)metadata:\n)`, with("${1}${2}  "+key+":\n${2}    "+anEntry)))
}

func isTemplate(file string) bool { return strings.HasPrefix(file, "templates/") }
