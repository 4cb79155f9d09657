package main

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// record counts requests and keeps the last ones, for tests that look for what
// a client should not have done.
type record struct {
	total atomic.Int64
	mu    sync.Mutex
	last  []recorded
	next  int
}

type recorded struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	User   string    `json:"user"`
	Status int       `json:"status"`
	Fault  string    `json:"fault"`
}

const recordLength = 2000

func newRecord() *record { return &record{last: make([]recorded, 0, recordLength)} }

func (rec *record) add(at time.Time, r *http.Request, who string, status int, fault string) {
	rec.total.Add(1)
	e := recorded{at, r.Method, r.URL.Path, who, status, fault}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if len(rec.last) < recordLength {
		rec.last = append(rec.last, e)
		return
	}
	rec.last[rec.next] = e
	rec.next = (rec.next + 1) % recordLength
}

// list returns the last requests, the oldest first.
func (rec *record) list() []recorded {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return append(append([]recorded{}, rec.last[rec.next:]...), rec.last[:rec.next]...)
}
