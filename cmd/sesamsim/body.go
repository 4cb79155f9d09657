package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// longestBody bounds what a request may carry. Our choice.
const longestBody = 8 << 20

func readBody(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, longestBody+1))
	if err != nil {
		return nil, badRequest("the body could not be read")
	}
	if len(b) > longestBody {
		return nil, badRequest("the body is longer than %d bytes", longestBody)
	}
	return bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))), nil
}

// parse reads one JSON value, whatever the Content-Type says.
func parse(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, badRequest("the body is not JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest("the body is more than one JSON value")
	}
	return v, nil
}

// object reads an object. A body that is empty or null is an empty one; an
// object in a list of one is taken out of it, since the real server maps a list
// to the parameters of a method.
func (c *call) object() (map[string]any, error) {
	if len(c.body) == 0 {
		return map[string]any{}, nil
	}
	v, err := parse(c.body)
	if err != nil {
		return nil, err
	}
	for {
		switch x := v.(type) {
		case nil:
			return map[string]any{}, nil
		case map[string]any:
			return x, nil
		case []any:
			if len(x) == 1 {
				v = x[0]
				continue
			}
		}
		return nil, badRequest("the body must be an object, not %s", brief(v))
	}
}

// elements reads a list; a list in a list of one is taken out of it, and a
// single value is a list of one.
func (c *call) elements() ([]any, error) {
	if len(c.body) == 0 {
		return nil, badRequest("a body is needed")
	}
	v, err := parse(c.body)
	if err != nil {
		return nil, err
	}
	l, ok := v.([]any)
	if !ok {
		return []any{v}, nil
	}
	for len(l) == 1 {
		inner, ok := l[0].([]any)
		if !ok {
			break
		}
		l = inner
	}
	return l, nil
}

// bare reads a body that is one key: 1, "name", or name without quotes, which
// is no JSON at all. An object is accepted when it holds the key. numeric says
// that the key is a number.
func (c *call) bare(key string, numeric bool) (string, error) {
	raw := string(c.body)
	v, err := parse(c.body)
	if err != nil {
		v = strings.Trim(raw, `"`)
	}
	for {
		l, ok := v.([]any)
		if !ok || len(l) != 1 {
			break
		}
		v = l[0]
	}
	if m, ok := v.(map[string]any); ok && m[key] != nil {
		v = m[key]
	}
	if s, ok := v.(string); ok && s != "" {
		return s, nil
	}
	n, isNumber := v.(json.Number)
	switch {
	case isNumber && numeric:
		return n.String(), nil
	case !numeric && raw != "":
		return raw, nil // a name that happens to look like a number, true or null
	}
	return "", badRequest("the body must be a bare %s", key)
}
