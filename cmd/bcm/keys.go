package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// knownKeys refuses a key of the tree that the structure has no field for, and
// names the nearest one that it has.
func knownKeys(path string, tree map[string]any, structure any) error {
	fields := make(map[string]reflect.Type)
	t := reflect.TypeOf(structure)
	for i := range t.NumField() {
		fields[t.Field(i).Tag.Get("yaml")] = t.Field(i).Type
	}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		field, ok := fields[key]
		if !ok {
			return fmt.Errorf("unknown key %q; did you mean %q?", path+key, path+nearest(key, slices.Sorted(maps.Keys(fields))))
		}
		below, isTree := tree[key].(map[string]any)
		if field.Kind() != reflect.Struct || !isTree {
			continue
		}
		if err := knownKeys(path+key+".", below, reflect.Zero(field).Interface()); err != nil {
			return err
		}
	}
	return nil
}

// nearest gives the word that takes the fewest changes of letters to reach.
func nearest(word string, words []string) string {
	return slices.MinFunc(words, func(a, b string) int { return distance(word, a) - distance(word, b) })
}

// distance is the number of letters to change, add or leave out to make a of b
// (Levenshtein).
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := left
			if a[i] != b[j] {
				cost++
			}
			left = row[j+1]
			row[j+1] = min(cost, left+1, row[j]+1)
		}
	}
	return row[len(b)]
}
