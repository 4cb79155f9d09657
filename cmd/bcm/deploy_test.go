package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const exampleConfig = "../../deploy/bcm.yaml"

// TestExampleConfiguration holds that the example is accepted as it is, and that
// it also is with all that stands in it behind a #, which is every key there is.
func TestExampleConfiguration(t *testing.T) {
	data, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	c := defaultConfig()
	if err := c.readFile(exampleConfig); err != nil {
		t.Fatal(err)
	}
	if err := c.validate(); err != nil {
		t.Error(err)
	}
	full := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`).ReplaceAll(data, []byte("$1$2"))
	path := filepath.Join(t.TempDir(), "bcm.yaml")
	if err := os.WriteFile(path, full, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.readFile(path); err != nil {
		t.Fatal(err)
	}
	if err := c.validate(); err != nil {
		t.Error(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(full, &tree); err != nil {
		t.Fatal(err)
	}
	for _, key := range missingKeys("", tree, config{}) {
		t.Errorf("the example says nothing of %s", key)
	}
}

// missingKeys gives the keys of a structure that a tree does not have.
func missingKeys(path string, tree map[string]any, structure any) []string {
	var missing []string
	s := reflect.TypeOf(structure)
	for i := range s.NumField() {
		key := s.Field(i).Tag.Get("yaml")
		value, ok := tree[key]
		if !ok {
			missing = append(missing, path+key)
			continue
		}
		if below, ok := value.(map[string]any); ok && s.Field(i).Type.Kind() == reflect.Struct {
			missing = append(missing, missingKeys(path+key+".", below, reflect.Zero(s.Field(i).Type).Interface())...)
		}
	}
	return missing
}

// TestExampleDefaults holds that what the example calls a default is one.
func TestExampleDefaults(t *testing.T) {
	data, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	full := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`).ReplaceAll(data, []byte("$1$2"))
	said := make(map[string]any)
	if err := yaml.Unmarshal(full, &said); err != nil {
		t.Fatal(err)
	}
	var c config
	if err := yaml.Unmarshal(full, &c); err != nil {
		t.Fatal(err)
	}
	d := defaultConfig()
	d.DataDir, d.Listen.Metrics = c.DataDir, c.Listen.Metrics // depends on the environment; an example
	d.Storage.Dir = c.Storage.Dir                             // an example
	for name, pair := range map[string][2]any{
		"raft": {c.Raft, d.Raft}, "storage": {c.Storage, d.Storage}, "listen": {c.Listen, d.Listen}, "slots": {c.Slots, d.Slots},
		"log_level": {c.LogLevel, d.LogLevel}, "node_timeout": {c.NodeTimeout, d.NodeTimeout},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the example says %+v, the default is %+v", name, pair[0], pair[1])
		}
	}
	if keys := slices.Sorted(maps.Keys(said)); !slices.Contains(keys, "raft") {
		t.Errorf("read only %s", strings.Join(keys, ", "))
	}
}
