package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bcm/fsm"
)

// keepFor is how long a run that is over and reported stays in the journal. A
// cluster restored from an old snapshot can be told again for that long.
const keepFor = 90 * 24 * time.Hour

// attempt is what the journal knows of one attempt of a run.
type attempt struct {
	ID      string
	Number  int32
	Kind    fsm.OrderKind
	Fence   fsm.Fence
	Event   event        // the last one
	At      fsm.Time     // of the last event
	Outcome *fsm.Outcome // when finished
	Reason  string       // when lost
	Refused fsm.Code     // when a manager refused the result
}

// over tells whether the attempt has a result.
func (a *attempt) over() bool {
	return a.Event == finished || a.Event == lost || a.Event == acknowledged
}

// report is the command that tells the cluster how the attempt ended.
func (a *attempt) report() fsm.Command {
	if a.Outcome != nil {
		return commandsOf(a.Kind).finish(a.ID, a.Number, *a.Outcome)
	}
	return commandsOf(a.Kind).interrupt(a.ID, a.Number, a.Reason)
}

// journal is what a node remembers of its work, on disk before it counts. It is
// not safe for concurrent use. After an error of a write it must not be used
// again: what is on disk is not known then.
type journal struct {
	path string
	file *os.File
	size int64
	runs map[string][]*attempt
}

// openJournal reads the journal in the folder, or begins one.
func openJournal(dir string, now time.Time) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &journal{path: filepath.Join(dir, "journal"), runs: make(map[string][]*attempt)}
	data, err := os.ReadFile(j.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("journal: %w", err)
	}
	records, whole, err := readJournal(data)
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w; restore it, or move it away when no run of this node matters any more", j.path, err)
	}
	for _, r := range records {
		if err := j.note(r); err != nil {
			return nil, fmt.Errorf("journal %s: %w", j.path, err)
		}
	}
	if whole == 0 || j.forget(now) > 0 {
		return j, j.rewrite()
	}
	return j, j.open(int64(whole))
}

// open opens the file for appending at its last whole record.
func (j *journal) open(whole int64) error {
	f, err := os.OpenFile(j.path, os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := errors.Join(f.Truncate(whole), f.Sync()); err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), f.Close())
	}
	if _, err := f.Seek(whole, 0); err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), f.Close())
	}
	j.file, j.size = f, whole
	return nil
}

// write makes the records durable, all together, and then known.
func (j *journal) write(records ...record) error {
	var b []byte
	for _, r := range records {
		var err error
		if b, err = appendFrame(b, r); err != nil {
			return err
		}
	}
	if _, err := j.file.Write(b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.size += int64(len(b))
	for _, r := range records {
		if err := j.note(r); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	return nil
}

// note takes a record into memory.
func (j *journal) note(r record) error {
	a := j.get(r.ID, r.Attempt)
	if r.Event == accepted {
		if a != nil || r.Fence == nil {
			return fmt.Errorf("run %s attempt %d is accepted twice, or without a fence", r.ID, r.Attempt)
		}
		a = &attempt{ID: r.ID, Number: r.Attempt, Kind: r.Kind, Fence: *r.Fence}
		j.runs[r.ID] = append(j.runs[r.ID], a)
	}
	if a == nil {
		return fmt.Errorf("run %s attempt %d is %s and was never accepted", r.ID, r.Attempt, r.Event)
	}
	switch r.Event {
	case accepted, started:
	case finished:
		if r.Outcome == nil {
			return fmt.Errorf("run %s attempt %d is finished without an outcome", r.ID, r.Attempt)
		}
		a.Outcome = r.Outcome
	case lost:
		a.Reason = r.Reason
	case acknowledged:
		a.Refused = r.Refused
	default:
		return fmt.Errorf("run %s attempt %d: unknown event %q", r.ID, r.Attempt, r.Event)
	}
	a.Event, a.At = r.Event, r.At
	return nil
}

// get finds an attempt, nil when it is not known.
func (j *journal) get(id string, number int32) *attempt {
	for _, a := range j.runs[id] {
		if a.Number == number {
			return a
		}
	}
	return nil
}

// fence is the highest that was seen for a run; zero when none was.
func (j *journal) fence(id string) fsm.Fence {
	var top fsm.Fence
	for _, a := range j.runs[id] {
		if top.Less(a.Fence) {
			top = a.Fence
		}
	}
	return top
}

// all lists the attempts for which want is true, in an order that is always the same.
func (j *journal) all(want func(*attempt) bool) []*attempt {
	var list []*attempt
	for _, attempts := range j.runs {
		for _, a := range attempts {
			if want(a) {
				list = append(list, a)
			}
		}
	}
	slices.SortFunc(list, func(a, b *attempt) int {
		if c := strings.Compare(a.ID, b.ID); c != 0 {
			return c
		}
		return int(a.Number) - int(b.Number)
	})
	return list
}

// forget drops runs that were over and acknowledged long ago and tells how many
// attempts they had. The highest fence of a run goes with it: by then no order
// of it can come any more.
func (j *journal) forget(now time.Time) int {
	n := 0
	for id, attempts := range j.runs {
		old := !slices.ContainsFunc(attempts, func(a *attempt) bool {
			return a.Event != acknowledged || fsm.At(now).Sub(a.At) < keepFor
		})
		if old {
			n += len(attempts)
			delete(j.runs, id)
		}
	}
	return n
}

// compact drops what is old from memory and disk.
func (j *journal) compact(now time.Time) error {
	if j.forget(now) == 0 {
		return nil
	}
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return j.rewrite()
}

// rewrite puts a new file, with what is known, in the place of the old one.
func (j *journal) rewrite() error {
	b := []byte(journalFormat)
	for _, a := range j.all(func(*attempt) bool { return true }) {
		for _, r := range a.records() {
			var err error
			if b, err = appendFrame(b, r); err != nil {
				return err
			}
		}
	}
	if err := WriteFile(j.path, b, 0o600); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return j.open(int64(len(b)))
}

// records tells of an attempt in as few records as needed.
func (a *attempt) records() []record {
	list := []record{{Event: accepted, At: a.At, ID: a.ID, Attempt: a.Number, Kind: a.Kind, Fence: &a.Fence}}
	add := func(r record) {
		r.At, r.ID, r.Attempt = a.At, a.ID, a.Number
		list = append(list, r)
	}
	if a.Event == started {
		add(record{Event: started})
	}
	if a.Outcome != nil {
		add(record{Event: finished, Outcome: a.Outcome})
	} else if a.over() {
		add(record{Event: lost, Reason: a.Reason})
	}
	if a.Event == acknowledged {
		add(record{Event: acknowledged, Refused: a.Refused})
	}
	return list
}

func (j *journal) close() error { return j.file.Close() }
