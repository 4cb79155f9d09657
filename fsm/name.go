package fsm

import (
	"slices"
	"strings"
	"unicode"
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
