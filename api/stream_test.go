package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bcm/fsm"
)

// told is one event of a stream.
type told struct {
	id, name string
	data     map[string]any
}

// listener is an open stream. All of it lives in a bubble.
type listener struct {
	t      *testing.T
	close  context.CancelFunc
	events chan told
	beats  chan string
	done   chan struct{}
}

// tap is a response writer into a pipe.
type tap struct {
	header http.Header
	status int
	*io.PipeWriter
}

func (w *tap) Header() http.Header    { return w.header }
func (w *tap) WriteHeader(status int) { w.status = status }
func (w *tap) Flush()                 {}

// listen opens a stream; headers come in pairs.
func (w *world) listen(t *testing.T, query string, headers ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "GET", "/v1/stream"+query, nil)
	r.Header.Set("Authorization", "Bearer "+w.token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	from, to := io.Pipe()
	l := &listener{t: t, close: cancel, events: make(chan told, 1000), beats: make(chan string, 1000), done: make(chan struct{})}
	go func() {
		w.api.Handler().ServeHTTP(&tap{make(http.Header), 200, to}, r)
		to.Close()
		close(l.done)
	}()
	go l.read(from)
	t.Cleanup(cancel)
	return l
}

func (l *listener) read(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	var e told
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case lines.Text() == "":
			if e.name != "" || e.id != "" {
				l.events <- e
			}
			e = told{}
		case strings.HasPrefix(lines.Text(), ":"):
			l.beats <- lines.Text()
		case field == "id":
			e.id = value
		case field == "event":
			e.name = value
		case field == "data":
			if err := json.Unmarshal([]byte(value), &e.data); err != nil {
				l.t.Errorf("event %s: %v", e.name, err)
			}
		}
	}
}

// all gives what was told up to now, as names with ids of objects.
func (l *listener) all() (events []told, short string) {
	time.Sleep(3 * streamPause)
	synctest.Wait()
	var names []string
	for {
		select {
		case e := <-l.events:
			events = append(events, e)
			if id, ok := e.data["id"].(string); ok {
				names = append(names, e.name+" "+id)
			} else if e.name != "" {
				names = append(names, e.name)
			}
			continue
		default:
			return events, strings.Join(names, ", ")
		}
	}
}

func lastID(events []told) string {
	id := ""
	for _, e := range events {
		if e.id != "" {
			id = e.id
		}
	}
	return id
}

func TestStreamTellsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newGrownWorld(t)
		l := w.listen(t, "?topics=users,backups&topics=nodes")
		if _, got := l.all(); got != "ready, progress b2" {
			t.Fatalf("at the beginning: %s", got)
		}
		w.want(t, 200, "PATCH", "/v1/users/ada", `{"email":"x@y.z"}`)
		w.want(t, 200, "PATCH", "/v1/users/ada", `{"email":"a@b.c"}`)
		w.want(t, 201, "POST", "/v1/clients", `{"name":"not a topic"}`)
		w.want(t, 204, "DELETE", "/v1/users/bob", "")
		events, got := l.all()
		if got != "users u-ada, removed u-bob" {
			t.Errorf("told: %s", got)
		}
		shown := w.want(t, 200, "GET", "/v1/users/ada", "")
		if a, b := mustJSON(t, events[0].data), mustJSON(t, shown); a != b {
			t.Errorf("the stream tells %s and the list shows %s", a, b)
		}
		if index := strconv.FormatUint(w.state.Now().Index, 10); lastID(events) != index {
			t.Errorf("the last id is %s and the index %s", lastID(events), index)
		}
		w.SetProgress([]fsm.Progress{{Run: "b2", Attempt: 1, Phase: "upload", Files: 15, ETA: 3}})
		w.SetProgress([]fsm.Progress{{Run: "b2", Attempt: 1, Phase: "upload", Files: 16, ETA: 2}, {Run: "b1", Attempt: 1}})
		events, got = l.all()
		if got != "progress b2" || events[0].data["progress"].(map[string]any)["eta"] != "2s" || events[0].data["topic"] != "backups" {
			t.Errorf("told: %s %v", got, events)
		}
		l.close()
		<-l.done
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A stream that broke off anywhere resumes without a gap and tells nothing twice
// that was told with an id.
func TestStreamResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newGrownWorld(t)
		from := strconv.FormatUint(w.state.Now().Index, 10)
		// Three users at one index, then one more.
		var entries []fsm.Entry
		for _, name := range []string{"x1", "x2", "x3"} {
			e, err := fsm.NewEntry(t.Context(), "system:test", &fsm.CreateUser{ID: name, Name: name, Password: adminHash()})
			if err != nil {
				t.Fatal(err)
			}
			entries = append(entries, e)
		}
		w.index++
		if _, err := w.state.Replay(w.index, entries...); err != nil {
			t.Fatal(err)
		}
		w.must(t, "system:test", &fsm.CreateUser{ID: "x4", Name: "x4", Password: adminHash()})
		w.want(t, 204, "DELETE", "/v1/users/x1", "")

		whole := w.listen(t, "?topics=users", "Last-Event-ID", from)
		events, got := whole.all()
		if got != "users x2, users x3, users x4, removed x1" {
			t.Fatalf("told: %s", got)
		}
		for cut := range events {
			id := lastID(events[:cut+1])
			if id == "" {
				id = from
			}
			rest, _ := w.listen(t, "?topics=users", "Last-Event-ID", id).all()
			seen := make(map[string]bool)
			for _, e := range append(events[:cut+1:cut+1], rest...) {
				if e.name != "" {
					seen[e.name+e.data["id"].(string)] = true
				}
			}
			if len(seen) != 4 {
				t.Errorf("cut after event %d (resumed at %s) only these are told: %v", cut, id, seen)
			}
		}
		for query, want := range map[string]string{"?topics=users&index=99999": "reset", "?topics=users&index=" + lastID(events): ""} {
			if _, got := w.listen(t, query).all(); got != want {
				t.Errorf("%s: %q", query, got)
			}
		}
	})
}

func TestStreamOfTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		l := w.listen(t, "?topics=cluster")
		events, got := l.all()
		if got != "ready, cluster grid" || events[1].data["leader"] != "manager-1" {
			t.Errorf("told: %s", got)
		}
		w.mu.Lock()
		w.status.LeaderName, w.status.Term = "manager-2", 4
		w.mu.Unlock()
		time.Sleep(2 * clusterLook)
		if events, got = l.all(); got != "cluster grid" || events[0].data["term"] != 4.0 {
			t.Errorf("after another leader: %s", got)
		}
		if len(l.beats) > 0 {
			t.Error("a heartbeat too early")
		}
		time.Sleep(2 * heartbeat)
		if synctest.Wait(); len(l.beats) == 0 {
			t.Error("no heartbeat")
		}
	})
}

// A stream ends with the rights of who listens, and with the manager.
func TestStreamEnds(t *testing.T) {
	for name, end := range map[string]func(w *world){
		"disabled": func(w *world) { w.must(t, "user:admin", &fsm.UpdateUser{ID: "u-ada", Enabled: new(bool)}) },
		"less rights": func(w *world) {
			w.must(t, "user:admin", &fsm.UpdateUser{ID: "u-ada", Groups: &[]string{fsm.BackupUsers}})
		},
		"shutdown": func(w *world) { w.api.Close(); w.api.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newGrownWorld(t)
				l := w.listen(t, "?topics=events", "Authorization", "Bearer "+w.speaksFor(t, "u-ada"))
				l.all()
				end(w)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				select {
				case <-l.done:
				default:
					t.Error("it goes on")
				}
			})
		})
	}
}

// Only topics that one may see are told: those named are refused, of all the
// others are left out.
func TestTopicsNeedTheirRights(t *testing.T) {
	w := newGrownWorld(t)
	w.must(t, "user:admin", &fsm.CreateUser{ID: "u-run", Name: "run", Groups: []string{fsm.BackupUsers}, Password: adminHash()})
	token := "Bearer " + w.speaksFor(t, "u-run")
	p := problemIn(t, w.ask(t, "GET", "/v1/stream?topics=backups,users", "", "Authorization", token))
	if p.Status != 403 || !strings.Contains(p.Detail, "users:read on users") {
		t.Errorf("%+v", p)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newGrownWorld(t)
		w.must(t, "user:admin", &fsm.CreateUser{ID: "u-run", Name: "run", Groups: []string{fsm.BackupUsers}, Password: adminHash()})
		l := w.listen(t, "?index=1", "Authorization", "Bearer "+w.speaksFor(t, "u-run"))
		events, _ := l.all()
		seen := make(map[string]bool)
		for _, e := range events {
			seen[e.name] = true
		}
		if !seen["backups"] || !seen["nodes"] || seen["users"] || seen["events"] || seen["certificates"] {
			t.Errorf("told of %v", seen)
		}
	})
}
