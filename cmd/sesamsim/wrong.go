package main

import (
	"bytes"
	"net/http"
	"strconv"
)

// hugeAnswer is the size of the wrong answer "huge".
const hugeAnswer = 64 << 20

// wrongKinds are the answers that a client must survive.
func wrongKinds() []string {
	return []string{"html", "text", "empty", "truncated", "garbage", "shape", "huge", "redirect", "no-session"}
}

// spoil sends a wrong answer in place of a right one.
func (m mishap) spoil(w http.ResponseWriter, r *http.Request, right reply) {
	switch m.wrong {
	case "html":
		send(w, reply{http.StatusOK, "text/html", []byte("<!DOCTYPE html>\n<html><body><h1>Welcome</h1></body></html>\n")})
	case "text":
		send(w, reply{http.StatusOK, "text/plain", []byte("something else")})
	case "empty":
		send(w, reply{right.status, right.kind, nil})
	case "truncated":
		w.Header().Set("Content-Length", strconv.Itoa(len(right.body)+20))
		send(w, reply{right.status, right.kind, right.body[:len(right.body)/2]})
		cut(w)
	case "garbage":
		send(w, reply{right.status, right.kind, append([]byte(`{"a":[1,2,`), right.body...)})
	case "shape":
		send(w, reply{http.StatusOK, "application/json", []byte(`{"unexpected":[{"id":{"deep":true},"name":17,"groups":"none"}]}`)})
	case "huge":
		huge(w)
	case "redirect":
		w.Header().Set("Location", m.elsewhere)
		send(w, reply{http.StatusTemporaryRedirect, "text/html", nil})
	case "no-session": // as a login might answer that wants a second factor
		send(w, reply{http.StatusOK, "application/json", []byte(`{"sessionId":null}`)})
	}
}

// cut sends what was written and closes the connection in the middle of it.
func cut(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(http.ErrAbortHandler) // the client is gone already
	}
	panic(http.ErrAbortHandler)
}

// huge sends a list that is right but for its size.
func huge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	line := []byte(`{"name":"` + string(bytes.Repeat([]byte("x"), 1000)) + `"},` + "\n")
	if _, err := w.Write([]byte("[")); err != nil {
		return
	}
	for n := 0; n < hugeAnswer; n += len(line) {
		if _, err := w.Write(line); err != nil {
			return // the client had enough
		}
	}
	_, _ = w.Write([]byte("null]"))
}

func send(w http.ResponseWriter, a reply) {
	if a.kind != "" {
		w.Header().Set("Content-Type", a.kind)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that is gone cannot be told
}
