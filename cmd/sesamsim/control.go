package main

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// controlPath is where a test pulls the strings. Nothing goes wrong here by
// chance, and nothing here is recorded.
const controlPath = "/sesamsim/v1/"

// controlled answers a request to the control endpoint. Its credentials are
// those of the command line, whatever became of the superuser's since.
func (s *server) controlled(r *http.Request) reply {
	name, password, _ := r.BasicAuth()
	if subtle.ConstantTimeCompare([]byte(name+"\x00"+password), []byte(s.opt.admin+"\x00"+s.opt.password)) != 1 {
		return s.refused(unauthorized("the control endpoint needs the superuser of the command line"), r.URL.String())
	}
	body, err := readBody(r)
	if err != nil {
		return s.refused(err, r.URL.String())
	}
	out, err := s.control(r.Method+" "+strings.TrimPrefix(r.URL.Path, controlPath), body)
	if err != nil {
		return s.refused(err, r.URL.String())
	}
	return s.answer(out)
}

func (s *server) control(what string, body []byte) (any, error) {
	switch what {
	case "GET status":
		return map[string]any{"requests": s.record.total.Load(), "sessions": s.gate.live(s.now()),
			"fingerprint": fingerprint(s.pair.now.Load()), "release": s.opt.release.full, "version": version}, nil
	case "GET requests":
		return s.record.list(), nil
	case "GET faults":
		return s.dice.get(), nil
	case "PUT faults":
		var f faults
		if err := strict(body, &f); err != nil {
			return nil, err
		}
		if err := f.valid(); err != nil {
			return nil, badRequest("%v", err)
		}
		s.dice.set(f)
		return f, nil
	case "GET runs":
		return s.runner.get(), nil
	case "PUT runs":
		r := s.runner.get()
		r.Next = nil
		r.Ends = nil
		if err := strict(body, &r); err != nil {
			return nil, err
		}
		if err := r.valid(); err != nil {
			return nil, badRequest("%v", err)
		}
		s.runner.set(r)
		return r, nil
	case "POST reload":
		if err := s.pair.reload(); err != nil {
			return nil, badRequest("the certificate stays as it was: %v", err)
		}
		return map[string]any{"fingerprint": fingerprint(s.pair.now.Load())}, nil
	}
	return s.controlUsers(what, body)
}

// controlUsers does to sessions and accounts what time and wrong passwords do.
func (s *server) controlUsers(what string, body []byte) (any, error) {
	var of struct {
		User string `json:"user"`
	}
	if err := strict(body, &of); err != nil {
		return nil, err
	}
	switch what {
	case "POST sessions/expire":
		return map[string]any{"expired": s.gate.expire(of.User)}, nil
	case "POST users/lock":
		return map[string]any{"locked": true}, s.lock(of.User, true)
	case "POST users/unlock":
		return map[string]any{"locked": false}, s.lock(of.User, false)
	}
	return nil, noEndpoint(what)
}

// strict reads a body of ours: an unknown member is an error, an empty body is
// an empty object.
func strict(body []byte, to any) error {
	if len(body) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return badRequest("the body: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("the body is more than one JSON value")
	}
	return nil
}
