package api

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// timed is a response that notes its write deadlines.
type timed struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (w *timed) SetWriteDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at)
	return nil
}

// A quiet stream must outlive the time that one write may take: over HTTP/2 a
// deadline left behind ends it.
func TestStreamLeavesNoDeadlineBehind(t *testing.T) {
	w := &timed{ResponseRecorder: httptest.NewRecorder()}
	g, _ := gin.CreateTestContext(w)
	f := &feed{call: &call{gin: g}}
	f.event("ready", 7, Position{7})
	if !f.flush() {
		t.Fatal("what was told did not get out")
	}
	if len(w.deadlines) != 2 || w.deadlines[0].IsZero() || !w.deadlines[1].IsZero() {
		t.Errorf("deadlines: %v, want one for the write and none after it", w.deadlines)
	}
}
