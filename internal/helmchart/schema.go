package helmchart

import (
	"bytes"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chartutil"
)

// SchemaCheck gives a function that says whether the chart's schema takes values over the chart's own: for many sets of
// values, as Helm compiles the schema anew for each. It is nil for a chart that has no schema, has charts below it or
// names schemas elsewhere: Render tells then. What is wrong with values that are not taken, Render says.
func (c *Chart) SchemaCheck() func(values map[string]any) bool {
	if len(c.c.Schema) == 0 || len(c.c.Dependencies()) > 0 {
		return nil
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.c.Schema))
	if err != nil {
		return nil
	}
	const name = "values.schema.json"
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // nothing from elsewhere
	if err := compiler.AddResource(name, parsed); err != nil {
		return nil
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		return nil
	}
	return func(values map[string]any) bool {
		all, err := chartutil.CoalesceValues(clone(c.c), Copy(values))
		if err != nil {
			return false
		}
		return schema.Validate(map[string]any(all)) == nil
	}
}
