package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// readIni reads a file of sections and assignments as sm.ini is one; a missing
// file is an empty one.
func readIni(path string) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	section := ""
	for _, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#") {
			continue
		}
		if out[section] == nil {
			out[section] = map[string]string{}
		}
		out[section][strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return out, nil
}
