package report

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"ftpdoctor/probe/profile"
)

// docs/report.schema.json names every field of a report, and no other. A field that is added to the facts later, and forgotten there, fails.
func TestSchemaNamesEveryField(t *testing.T) {
	sameAsSchema(t, reflect.TypeFor[Report](), "report", 40)
}

// docs/profile.schema.json does so for profiles.
func TestSchemaOfProfilesNamesEveryField(t *testing.T) {
	sameAsSchema(t, reflect.TypeFor[profile.Profile](), "profile", 9)
}

// sameAsSchema compares a type with its schema in docs. types is the least number of types below it.
func sameAsSchema(t *testing.T, typ reflect.Type, name string, types int) {
	t.Helper()
	text, err := os.ReadFile("../docs/" + name + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	s := schemaTest{t: t, defs: schema["$defs"].(map[string]any), seen: map[reflect.Type]bool{}}
	s.same(typ, schema, name)
	if len(s.seen) < types {
		t.Errorf("only %d types", len(s.seen))
	}
}

// schemaTest compares types with a JSON Schema.
type schemaTest struct {
	t    *testing.T
	defs map[string]any
	seen map[reflect.Type]bool
}

// same holds the fields of a type against the properties of its description.
func (s *schemaTest) same(typ reflect.Type, schema map[string]any, path string) {
	if ref, ok := schema["$ref"].(string); ok {
		schema, _ = s.defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	for _, one := range anyOf(schema) {
		if ref, ok := one["$ref"].(string); ok {
			schema, _ = s.defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
	}
	switch typ.Kind() {
	case reflect.Pointer:
		s.same(typ.Elem(), schema, path)
	case reflect.Slice:
		items, _ := schema["items"].(map[string]any)
		s.same(typ.Elem(), items, path+"[]")
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() || s.seen[typ] {
			return
		}
		s.seen[typ] = true
		properties, listed := schema["properties"].(map[string]any)
		if !listed && typ == reflect.TypeFor[profile.Profile]() { // it has a schema of its own
			return
		}
		named := map[string]bool{}
		s.fields(typ, properties, named, path)
		for name := range properties {
			if !named[name] {
				s.t.Errorf("%s: the schema has %q, and %v has not", path, name, typ)
			}
		}
	}
}

// fields compares the fields of one type, those of embedded ones among them.
func (s *schemaTest) fields(typ reflect.Type, properties map[string]any, named map[string]bool, path string) {
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			s.fields(field.Type, properties, named, path)
			continue
		case name == "" || name == "-":
			continue
		}
		named[name] = true
		property, ok := properties[name].(map[string]any)
		if !ok {
			s.t.Errorf("%s: the schema lacks %q of %v", path, name, typ)
			continue
		}
		s.same(field.Type, property, path+"."+name)
	}
}

// anyOf lists what a value may be besides null.
func anyOf(schema map[string]any) []map[string]any {
	choices, _ := schema["oneOf"].([]any)
	var found []map[string]any
	for _, choice := range choices {
		if one, ok := choice.(map[string]any); ok && one["type"] != "null" && one["required"] == nil {
			found = append(found, one)
		}
	}
	return found
}
