package kopia

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// kopia writes directories as JSON, in which a name that is not UTF-8 would come back
// as another one, and two such names as the same. A byte that is no part of UTF-8 is
// therefore written as a rune of a private range, and so are the bytes of runes that
// are in that range already: every name can be told apart and read back.
const escapeBase = 0x10FE00

var errName = errors.New("a name that cannot be in a directory")

func escapes(r rune) bool { return r >= escapeBase && r <= escapeBase+0xff }

// storedName makes of a name on disk one for the repository.
func storedName(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, escapes) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && size == 1 || escapes(r) {
			for i := range size {
				b.WriteRune(escapeBase + rune(name[i]))
			}
		} else {
			b.WriteString(name[:size])
		}
		name = name[size:]
	}
	return b.String()
}

// diskName makes of a name in the repository the one on disk. It refuses what could
// lie elsewhere than in the directory that it is of.
func diskName(stored string) (string, error) {
	name := stored
	if strings.ContainsFunc(stored, escapes) {
		var b strings.Builder
		for _, r := range stored {
			if escapes(r) {
				b.WriteByte(byte(r - escapeBase))
			} else {
				b.WriteRune(r)
			}
		}
		name = b.String()
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return "", errName
	}
	return name, nil
}
