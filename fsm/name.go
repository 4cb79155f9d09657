package fsm

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxName = 128

// checkName refuses names that cannot be typed, shown or put into a path.
func checkName(name string) error {
	switch {
	case name == "" || len(name) > maxName:
		return invalidField("name", "must have 1 to %d bytes", maxName)
	case strings.TrimSpace(name) != name:
		return invalidField("name", "must not begin or end with a space")
	case name == "." || name == "..":
		return invalidField("name", "must not be %q", name)
	case strings.ContainsAny(name, "/\\?#%"):
		return invalidField("name", `must not contain any of / \ ? # %%`)
	}
	if !utf8.ValidString(name) {
		return invalidField("name", "must be UTF-8")
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return invalidField("name", "must consist of printable characters")
		}
	}
	return nil
}

// checkLabels bounds what people may hang onto a row.
func checkLabels(labels map[string]string) error {
	if len(labels) > 64 {
		return invalidField("labels", "at most 64")
	}
	for k, v := range labels {
		if k == "" || len(k) > 63 || len(v) > 255 {
			return invalidField("labels", "a key has 1 to 63 bytes and a value at most 255: %q", k)
		}
	}
	return nil
}

// truncate cuts a text down to at most n bytes, between characters.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// checkText bounds free text.
func checkText(field, text string, most int) error {
	if len(text) > most || !utf8.ValidString(text) {
		return invalidField(field, "must be text of at most %d bytes", most)
	}
	return nil
}

// sorted gives a sorted copy without doubles.
func sorted[S ~string](names []S) []S {
	s := slices.Clone(names)
	slices.Sort(s)
	return slices.Compact(s)
}

// Opt is a field of a change: absent leaves what is there.
type Opt[T any] = *T

// set gives *to the new value, if there is one.
func set[T any](to *T, from Opt[T]) {
	if from != nil {
		*to = *from
	}
}
