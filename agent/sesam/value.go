package sesam

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// value is an answer of a server, of which nothing is sure.
type value struct{ any any }

// object is a JSON object of which any member may be missing or of another type.
type object map[string]any

func (v value) object() object {
	o, _ := v.any.(map[string]any)
	return o
}

// objects gives the objects of a list; ok is false when it is none.
func (v value) objects() (all []object, ok bool) {
	list, ok := v.any.([]any)
	for _, one := range list {
		if o, is := one.(map[string]any); is {
			all = append(all, o)
		}
	}
	return all, ok || v.any == nil
}

// text reads a member as text, whatever it is; "" when it is missing.
func (o object) text(name string) string { return textOf(o[name]) }

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// yes reads a member that is true or false, perhaps as text; missing takes what is
// given.
func (o object) yes(name string, missing bool) bool {
	switch strings.ToLower(o.text(name)) {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	return missing
}

// number reads a member that is a number, perhaps as text; 0 when it is none.
func (o object) number(name string) int64 {
	n, err := strconv.ParseFloat(o.text(name), 64)
	if err != nil {
		return 0
	}
	return int64(n)
}

// names reads a list of names, or of objects that have one.
func (o object) names(member string) []string {
	list, _ := o[member].([]any)
	names := make([]string, 0, len(list))
	for _, one := range list {
		name := textOf(one)
		if in, ok := one.(map[string]any); ok {
			name = object(in).text("name")
		}
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// inner is a member that is an object, or nil.
func (o object) inner(name string) object {
	in, _ := o[name].(map[string]any)
	return in
}

// secretive are parts of the names of members that may hold secrets.
var secretive = []string{"password", "secret", "privatekey", "hash", "token"}

// doc gives the object as JSON without what may be secret.
func (o object) doc() []byte {
	open := make(object, len(o))
	for name, v := range o {
		if !slices.ContainsFunc(secretive, func(s string) bool { return strings.Contains(strings.ToLower(name), s) }) {
			open[name] = v
		}
	}
	data, err := json.Marshal(open)
	if err != nil {
		return nil // it came as JSON
	}
	return data
}
