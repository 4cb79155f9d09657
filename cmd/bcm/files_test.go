package main

import (
	"io/fs"
	"testing"
)

// A mode is written with all the bits that chmod knows.
func TestOctal(t *testing.T) {
	for mode, want := range map[fs.FileMode]string{
		0o640: "0640", fs.ModeDir | 0o755: "0755", 0: "0000", fs.ModeSetuid | 0o755: "4755", fs.ModeSetgid | 0o750: "2750",
		fs.ModeDir | fs.ModeSticky | 0o777: "1777", fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky: "7000",
	} {
		if got := octal(mode); got != want {
			t.Errorf("%v: %s, want %s", mode, got, want)
		}
	}
}
