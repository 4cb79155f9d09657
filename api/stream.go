package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"bcm/fsm"
)

// Times of a stream.
const (
	heartbeat    = 15 * time.Second
	streamPause  = 100 * time.Millisecond // between two answers: what happens within becomes one
	clusterLook  = time.Second            // how often the group is looked at
	writeTimeout = 10 * time.Second
)

// feed is one open stream of server-sent events.
type feed struct {
	*call
	topics []topic
	at     uint64 // all up to this index has been told
	out    bytes.Buffer
	told   map[string]fsm.Progress
	group  string // the managers' group as told last
	last   time.Time
}

// Removed is told when an object is gone.
type Removed struct {
	Topic string `json:"topic"`
	ID    string `json:"id"`
}

// RunProgress is told while a run goes on.
type RunProgress struct {
	Topic    string    `json:"topic"`
	ID       string    `json:"id"`
	Progress *Progress `json:"progress"`
}

// Position is told when a stream begins, and when it cannot go on from where it
// was left: what was read before is to be read again then.
type Position struct {
	Index uint64 `json:"index"`
}

// stream tells of changes as they come. Each object is told as it is after its
// last change, with the index as the event's id, and so a stream that broke off
// resumes without a gap.
func stream(c *call) error {
	chosen, err := c.topics()
	if err != nil {
		return err
	}
	since, resumes, err := c.position()
	if err != nil {
		return err
	}
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		return fsm.Errorf(fsm.Exhausted, "this manager has %d streams open; ask another one", maxStreams)
	}
	f := &feed{call: c, topics: chosen, told: make(map[string]fsm.Progress)}
	h := c.gin.Writer.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no")
	c.gin.Status(http.StatusOK)
	f.begin(since, resumes)
	f.run()
	return nil
}

// position reads where to resume: Last-Event-ID, or ?index.
func (c *call) position() (index uint64, resumes bool, err error) {
	name, s := "Last-Event-ID", c.gin.GetHeader("Last-Event-ID")
	if s == "" {
		name, s = "index", c.query.Get("index")
	}
	if s == "" {
		return 0, false, nil
	}
	if index, err = strconv.ParseUint(s, 10, 64); err != nil {
		return 0, false, invalid(name, "%q is not an index", s)
	}
	return index, true, nil
}

// begin tells where the stream stands. What happened so long ago that removals
// may be forgotten, or lies in a future that was taken back, cannot be resumed.
func (f *feed) begin(since uint64, resumes bool) {
	f.out.WriteString("retry: 1000\n\n")
	if resumes && since <= f.view.Index && f.remembers(since) {
		f.at = since
		return
	}
	f.at = f.view.Index
	name := "ready"
	if resumes {
		name = "reset"
	}
	f.event(name, f.at, Position{f.at})
}

// remembers tells whether the audit trail still has all that came after index.
func (f *feed) remembers(index uint64) bool {
	if f.view.Events.Len() < fsm.KeepEvents {
		return true
	}
	for oldest := range f.view.Events.All() {
		return oldest.Index <= index
	}
	return true
}

// run tells changes until the one who listens is gone or may no longer.
func (f *feed) run() {
	beat := time.NewTicker(heartbeat)
	look := time.NewTicker(clusterLook)
	defer beat.Stop()
	defer look.Stop()
	for {
		moved := f.Cluster.ProgressChanged() // before it is looked at: nothing falls between
		if !f.tell() {
			return
		}
		beating := false
		select {
		case <-f.view.Stale():
		case <-moved:
		case <-look.C:
		case <-beat.C:
			beating = true
		case <-f.ctx().Done():
			return
		case <-f.closed:
			return
		}
		if beating && time.Since(f.last) >= heartbeat-time.Second {
			f.out.WriteString(": still here\n\n")
		}
		if !f.pause() {
			return
		}
	}
}

// pause lets what happens closely together become one answer.
func (f *feed) pause() bool {
	t := time.NewTimer(streamPause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-f.ctx().Done():
		return false
	case <-f.closed:
		return false
	}
}

// tell writes all that has changed. It is false when the stream is to end.
func (f *feed) tell() bool {
	v, err := f.Cluster.View(f.ctx(), fsm.Local())
	if err != nil {
		return false
	}
	f.view = v
	if v.Index < f.at { // the state was replaced by an older one
		f.at = v.Index
		f.event("reset", f.at, Position{f.at})
	}
	if !f.allowed() {
		return false
	}
	f.tellChanges()
	f.tellProgress()
	f.tellCluster()
	return f.flush()
}

// allowed asks again whether who listens still may: sessions end, and rights
// are taken away.
func (f *feed) allowed() bool {
	_, user, err := f.bearer(f.view, f.token.Hash)
	if err != nil {
		return false
	}
	access := f.view.Access(user)
	f.user, f.access = user, access // what access lists hide may have changed, too
	return !slices.ContainsFunc(f.topics, func(t topic) bool { return !access.May(t.right) })
}

// tellChanges tells what changed in the state. Of several changes at one index
// only the last carries the id: one who resumes is told all of them or none.
func (f *feed) tellChanges() {
	if f.view.Index == f.at {
		return
	}
	var all []change
	for _, t := range f.topics {
		if t.changes != nil {
			all = append(all, t.changes(f.call, f.at)...)
		}
	}
	all = append(all, f.removals()...)
	slices.SortStableFunc(all, func(a, b change) int { return cmp.Compare(a.index, b.index) })
	for i, c := range all {
		id := c.index
		if i+1 < len(all) && all[i+1].index == id {
			id = 0
		}
		f.event(c.topic, id, c.object)
	}
	f.at = f.view.Index
	fmt.Fprintf(&f.out, "id: %d\n\n", f.at)
}

// removals finds what was removed, in the audit trail.
func (f *feed) removals() []change {
	var all []change
	for e := range f.view.Events.Since(f.at) {
		if e.Result != "" || !strings.HasSuffix(e.Action, ".remove") {
			continue
		}
		if slices.ContainsFunc(f.topics, func(t topic) bool { return t.noun == e.Object.Noun }) {
			all = append(all, change{e.Index, "removed", Removed{e.Object.Noun, e.Object.ID}})
		}
	}
	return all
}

// tellProgress tells of the runs whose progress has changed.
func (f *feed) tellProgress() {
	now := make(map[string]fsm.Progress)
	for _, p := range f.Cluster.Progresses() {
		topic := f.topicOfRun(p.Run)
		if topic == "" {
			continue
		}
		now[p.Run] = p
		if f.told[p.Run] != p {
			f.event("progress", 0, RunProgress{topic, p.Run, showProgress(p)})
		}
	}
	f.told = now
}

// topicOfRun is the topic in which who listens hears of a run; "" for none.
func (f *feed) topicOfRun(id string) string {
	for _, t := range f.topics {
		if t.run == nil {
			continue
		}
		if row := t.run(f.view, id); row != nil && f.sees(row) {
			return t.name
		}
	}
	return ""
}

// tellCluster tells of the managers' group when it is not as told last.
func (f *feed) tellCluster() {
	if !slices.ContainsFunc(f.topics, func(t topic) bool { return t.name == clusterTopic }) {
		return
	}
	s := f.Cluster.Status()
	seen := fmt.Sprint(s.Leader, s.LeaderName, s.Term, s.FailureTolerance)
	for _, m := range s.Members {
		seen += fmt.Sprint(" ", m.ID, m.Name, m.Voter, m.Healthy)
	}
	if seen != f.group {
		f.group = seen
		f.event(clusterTopic, 0, clusterState(f.API, f.view))
	}
}

// event adds an event to what is to be written; without an id when that is 0.
func (f *feed) event(name string, id uint64, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		f.log.Error("an event cannot be encoded", "event", name, "error", err)
		return
	}
	if id != 0 {
		fmt.Fprintf(&f.out, "id: %d\n", id)
	}
	fmt.Fprintf(&f.out, "event: %s\ndata: %s\n\n", name, text)
}

// flush writes what has been gathered.
func (f *feed) flush() bool {
	if f.out.Len() == 0 {
		return true
	}
	control := http.NewResponseController(f.gin.Writer)
	// A writer without deadlines is a test's; it does not block either.
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := f.gin.Writer.Write(f.out.Bytes()); err != nil {
		return false
	}
	f.out.Reset()
	f.last = time.Now()
	if err := control.Flush(); err != nil {
		return false
	}
	// Over HTTP/2 a deadline that passes ends the stream, even when nothing is
	// being written then.
	_ = control.SetWriteDeadline(time.Time{})
	return true
}
