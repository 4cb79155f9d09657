package api

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// bounded is a response that notes all its deadlines.
type bounded struct {
	timed
	reads []time.Time
}

func (b *bounded) SetReadDeadline(at time.Time) error {
	b.reads = append(b.reads, at)
	return nil
}

// What is carried may take as long as it takes: a bound holds for each part of it, and
// none is left behind for a pause of the other side, or for the next request.
func TestCarriedBodiesAreBoundedByPart(t *testing.T) {
	w := &bounded{timed: timed{ResponseRecorder: httptest.NewRecorder()}}
	gin.SetMode(gin.ReleaseMode)
	g, _ := gin.CreateTestContext(w)
	g.Request = httptest.NewRequestWithContext(t.Context(), "POST", "/", io.MultiReader(strings.NewReader("a"), strings.NewReader("b")))
	out, r, body := steady(g)
	if _, err := io.Copy(out, r.Body); err != nil {
		t.Fatal(err)
	}
	for what, all := range map[string][]time.Time{"reading": w.reads, "writing": w.deadlines} {
		if len(all) < 4 || len(all)%2 != 0 {
			t.Errorf("%s: %v", what, all)
		}
		for i, at := range all {
			if bound := i%2 == 0; bound == at.IsZero() || bound && time.Until(at) > carryIdle {
				t.Errorf("%s: bound %d is %v", what, i, at)
			}
		}
	}
	if out.n != 2 || body.n.Load() != 2 || body.failed.Load() {
		t.Errorf("counted %d and %d", out.n, body.n.Load())
	}
	before := len(w.reads)
	if body.Close() != nil {
		t.Error("it cannot be closed")
	}
	_, _ = body.Read(make([]byte, 1))
	if len(w.reads) != before {
		t.Error("a body that is closed bounds the next request on its connection")
	}
}

// Bodies far beyond what the door takes for itself go through, both ways at once.
func TestLargeBodiesAreCarried(t *testing.T) {
	const size = 24 * maxBody
	w, _, _ := sesamWorld(t, func(rw http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(rw).EnableFullDuplex()
		if _, err := io.Copy(rw, r.Body); err != nil {
			t.Error(err)
		}
	})
	front, client := w.front(t)
	for _, path := range []string{"/sesam/sesam-1/echo", "/v1/nodes/sesam-1/proxy/echo"} {
		sent, got := sha256.New(), sha256.New()
		body := io.TeeReader(io.LimitReader(&counting{}, size), sent)
		req, err := http.NewRequestWithContext(t.Context(), "POST", front.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+w.token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(got, resp.Body)
		resp.Body.Close()
		if err != nil || n != size || fmt.Sprint(sent.Sum(nil)) != fmt.Sprint(got.Sum(nil)) {
			t.Errorf("%s: %d of %d bytes came back: %v", path, n, size, err)
		}
	}
}

// counting is an endless body that does not repeat itself soon.
type counting struct{ n uint32 }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		c.n++
		p[i] = byte(c.n ^ c.n>>9)
	}
	return len(p), nil
}
