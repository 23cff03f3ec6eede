package convert

import (
	"bytes"
	"fmt"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// outcome is one thing that becomes of upstream's values by the fact sheet's template, which says what its parts mean.
type outcome struct {
	Set     string
	Value   any
	From    []string
	Else    string
	Comment string

	Lost, Note, Reason string

	Rule string
}

// rules makes what the fact sheet's template says of the values.
func (c *converter) rules() error {
	t, err := template.New("conversion").Funcs(sprig.HermeticTxtFuncMap()).Funcs(template.FuncMap{
		"value": c.get,
		"isSet": c.has,
		"text":  func(key string) string { return as[string](c.get(key)) },
		"table": func(key string) map[string]any { return as[map[string]any](c.get(key)) },
		"items": func(key string) []any { return as[[]any](c.get(key)) },
	}).Parse(c.sheet.Upstream.Conversion)
	if err != nil {
		return fmt.Errorf("facts of %s: %w", c.sheet.Service, err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, nil); err != nil {
		return fmt.Errorf("facts of %s: %w", c.sheet.Service, err)
	}
	var outcomes []outcome
	if err := yaml.Unmarshal(text.Bytes(), &outcomes); err != nil {
		return fmt.Errorf("facts of %s: conversion: %w", c.sheet.Service, err)
	}
	for _, o := range outcomes {
		switch _, isMap := o.Value.(map[string]any); {
		case o.Lost != "":
			c.lose(o.Lost, o.Reason)
		case o.Note != "":
			c.note(o.Note, o.Reason)
		case o.Rule == "config":
			c.config()
		case o.Rule == "affinity":
			c.affinity()
		default:
			c.add(scaffolding.Setting{
				Key: o.Set, Value: o.Value, IsWhole: isMap, From: o.From, Else: o.Else, Comment: o.Comment,
			})
		}
	}
	return nil
}

// as gives a value of one type, its zero where it is of another.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}

// get gives the value at a path, nil where there is none.
func get(m map[string]any, path ...string) any {
	v, _ := yamldoc.Lookup(m, path)
	return v
}

// table gives the map at a key, nil where there is none.
func table(m map[string]any, key string) map[string]any { return as[map[string]any](m[key]) }
