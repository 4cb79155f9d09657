package api

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write what the tests compare with")

// The committed document is the one that this program serves.
func TestDocumentIsInStep(t *testing.T) {
	const path = "client/openapi.json"
	doc, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, doc) {
		t.Errorf("%s is not what the program serves: make gen", path)
	}
}
