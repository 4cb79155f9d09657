package ui

import (
	"slices"
	"strconv"
	"strings"
)

// identity names a body that is not compressed.
const identity = "identity"

// choose picks the encoding of an answer among those there are, which stand in
// the server's order of preference. It reads Accept-Encoding as RFC 9110
// section 12.5.3 has it: the greatest weight wins, zero forbids, "*" stands for
// what is not named, and identity is allowed unless it is forbidden. When
// nothing is allowed the answer is identity, which every client understands.
func choose(accept string, have []string) string {
	best, top := identity, 0.0
	weights := parseAccept(accept)
	for _, name := range append(slices.Clone(have), identity) {
		if w := weights.of(name); w > top {
			best, top = name, w
		}
	}
	return best
}

// accepted holds the weights of encodings as a client gave them.
type accepted map[string]float64

// of gives the weight of an encoding. An identity that is not named counts just
// above nothing, so that any other accepted encoding wins over it.
func (a accepted) of(name string) float64 {
	if w, ok := a[name]; ok {
		return w
	}
	if w, ok := a["*"]; ok {
		return w
	}
	if name == identity {
		return 0.0001
	}
	return 0
}

// parseAccept reads the header; what cannot be read counts as forbidden.
func parseAccept(header string) accepted {
	weights := accepted{}
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		if name == "x-gzip" {
			name = "gzip"
		}
		weights[name] = weight(params)
	}
	return weights
}

// weight reads the q parameter: 1 when there is none, 0 when it is nonsense.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			continue
		}
		w, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || w < 0 || w > 1 {
			return 0
		}
		return w
	}
	return 1
}
