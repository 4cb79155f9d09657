package api

import (
	"encoding/json"
	"strings"
)

// blanked gives a body of JSON in one form, with the values of secrets left out.
// What cannot be read as JSON is left out whole: it will be refused anyway.
func blanked(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	blank(v)
	out, err := json.Marshal(v) // keys in order
	if err != nil {
		return ""
	}
	return string(out)
}

func blank(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if secret(name) {
				v[name] = ""
				continue
			}
			blank(inner)
		}
	case []any:
		for _, inner := range v {
			blank(inner)
		}
	}
}

// secret tells whether a field of that name holds one.
func secret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "secret", "token", "key"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
