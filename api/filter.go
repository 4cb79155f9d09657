package api

import (
	"slices"
	"strings"
	"time"

	"bcm/fsm"
)

// filter is one way to narrow a listing. Given several times, any of its values
// will do.
type filter[T any] struct {
	name, says string
	known      []string // the values there are; nil when they are not fixed
	index      string   // of the table, with the same keys; "" when there is none
	// key turns a value into a key; nil takes it as it is.
	key func(v *fsm.View, value string) (string, error)
	has func(row *T, key string) bool
}

// pick is a filter with the keys asked for.
type pick[T any] struct {
	filter[T]
	keys []string
}

func (f *filter[T]) read(v *fsm.View, value string) (string, error) {
	if f.known != nil && !slices.Contains(f.known, value) {
		return "", invalid(f.name, "%q is not one of %s", value, strings.Join(f.known, ", "))
	}
	if f.key == nil {
		return value, nil
	}
	return f.key(v, value)
}

// since and before are filters by time; the first includes the moment given.
func since[T any](name, says string, at func(*T) fsm.Time) filter[T] {
	return filter[T]{name: name, says: says, key: timeKey(name), has: func(row *T, key string) bool { return fsm.TimeKey(at(row)) >= key }}
}

func before[T any](name, says string, at func(*T) fsm.Time) filter[T] {
	return filter[T]{name: name, says: says, key: timeKey(name), has: func(row *T, key string) bool { return fsm.TimeKey(at(row)) < key }}
}

func timeKey(name string) func(*fsm.View, string) (string, error) {
	return func(_ *fsm.View, value string) (string, error) {
		at, err := time.Parse(time.RFC3339, value)
		if err != nil || at.Year() < 1970 || at.Year() > 2261 {
			return "", invalid(name, "%q is not a time as in 2006-01-02T15:04:05Z", value)
		}
		return fsm.TimeKey(fsm.At(at)), nil
	}
}

// only is a fixed filter: of all rows, those that have the key.
func only[T any](f filter[T], keys ...string) []pick[T] { return []pick[T]{{f, keys}} }
