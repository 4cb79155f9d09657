package main

import (
	"bytes"
	"encoding/json"
	"runtime"
	"testing"

	"bcm/fsm"
)

// The version is one line for people, and an object for programs.
func TestVersion(t *testing.T) {
	say := func(args ...string) string {
		root := newRoot()
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetArgs(args)
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := say("version"); got != "bcm "+version+"\n" {
		t.Errorf("%q", got)
	}
	var got build
	if err := json.Unmarshal([]byte(say("version", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if want := (build{version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, fsm.Version}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
