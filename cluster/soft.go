package cluster

import (
	"context"
	"sync"
	"time"

	"bcm/fsm"
)

const (
	relayEvery   = 250 * time.Millisecond
	relayTimeout = time.Second
	retell       = time.Second      // what was heard is told for so long, so that one lost word does no harm
	keepProgress = time.Minute      // of a run that says no more
	keepSeen     = 10 * time.Minute // of a node that says no more
	aliveFor     = 1500 * time.Millisecond
	maxSightings = 1 << 16
)

// word is what one manager tells the others four times a second.
type word struct {
	Applied  uint64         `cbor:"applied"`
	Full     bool           `cbor:"full,omitempty"` // its disk has no room
	Seen     []sighting     `cbor:"seen,omitempty"`
	Progress []fsm.Progress `cbor:"progress,omitempty"`
}

// sighting is a node that a manager has heard of itself.
type sighting struct {
	ID  string `cbor:"id"`
	Ago int64  `cbor:"ago"` // milliseconds
}

// soft is what managers know and do not put into the log.
type soft struct {
	mu       sync.Mutex
	seen     map[string]time.Time // last heard of, here or by another manager
	here     map[string]time.Time // last heard of here
	peers    map[string]told
	progress map[string]heldProgress
	changed  chan struct{}
}

// told is the last word of another manager.
type told struct {
	at      time.Time
	applied uint64
	full    bool
}

type heldProgress struct {
	fsm.Progress
	at   time.Time
	here bool // the node told it here
}

func newSoft() *soft {
	return &soft{seen: map[string]time.Time{}, here: map[string]time.Time{}, peers: map[string]told{},
		progress: map[string]heldProgress{}, changed: make(chan struct{})}
}

// Seen notes that a node was heard of just now.
func (n *Node) Seen(node string) {
	if n.soft.see(node, time.Now(), true) {
		n.poke()
	}
}

// see tells whether the node had not been heard of for a while.
func (s *soft) see(node string, at time.Time, here bool) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.seen[node]
	if at.After(last) {
		s.seen[node] = at
	}
	if here {
		s.here[node] = at
	}
	return !ok || at.Sub(last) > aliveFor*4
}

func (s *soft) lastSeen(node string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[node]
}

// alive gives the last word of a manager, when it is recent.
func (s *soft) alive(id string, now time.Time) (told, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.peers[id]
	return t, ok && now.Sub(t.at) <= aliveFor
}

// SetProgress notes how far runs are, as their node tells it. What is older than
// the attempt known of is left aside.
func (n *Node) SetProgress(all []fsm.Progress) { n.soft.setProgress(all, true) }

func (s *soft) setProgress(all []fsm.Progress, here bool) {
	if len(all) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	for _, p := range all {
		if old, ok := s.progress[p.Run]; ok && (old.Attempt > p.Attempt || old.Progress == p && !here) {
			continue
		}
		s.progress[p.Run] = heldProgress{p, time.Now(), here}
		changed = true
	}
	if changed {
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// Progress tells how far a run is, if its node has told within the last minute.
func (n *Node) Progress(run string) (fsm.Progress, bool) {
	n.soft.mu.Lock()
	defer n.soft.mu.Unlock()
	p, ok := n.soft.progress[run]
	return p.Progress, ok
}

// Progresses gives all that is known of how far runs are, in no order.
func (n *Node) Progresses() []fsm.Progress {
	n.soft.mu.Lock()
	defer n.soft.mu.Unlock()
	all := make([]fsm.Progress, 0, len(n.soft.progress))
	for _, p := range n.soft.progress {
		all = append(all, p.Progress)
	}
	return all
}

// ProgressChanged is closed at the next change of any progress.
func (n *Node) ProgressChanged() <-chan struct{} {
	n.soft.mu.Lock()
	defer n.soft.mu.Unlock()
	return n.soft.changed
}

// word says what was heard here lately, and forgets what is old.
func (s *soft) word(now time.Time) word {
	s.mu.Lock()
	defer s.mu.Unlock()
	var w word
	for id, at := range s.here {
		if now.Sub(at) <= retell {
			w.Seen = append(w.Seen, sighting{id, now.Sub(at).Milliseconds()})
		}
	}
	for run, p := range s.progress {
		switch {
		case now.Sub(p.at) > keepProgress:
			delete(s.progress, run)
		case p.here && now.Sub(p.at) <= retell:
			w.Progress = append(w.Progress, p.Progress)
		}
	}
	for id, at := range s.seen {
		if now.Sub(at) > keepSeen {
			delete(s.seen, id)
			delete(s.here, id)
		}
	}
	return w
}

// relay tells the other managers what was heard here, until ctx ends. One that
// is slow or gone does not keep the others waiting.
func (n *Node) relay(ctx context.Context) {
	tick := time.NewTicker(relayEvery)
	defer tick.Stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	busy := make(map[string]chan struct{})
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		v := n.state.Now()
		w := n.soft.word(time.Now())
		w.Applied, w.Full = v.Index, n.disk.Room() != nil
		for m := range v.Nodes.By("role", fsm.RoleManager) {
			if m.ID == n.cfg.ID {
				continue
			}
			slot := busy[m.ID]
			if slot == nil {
				slot = make(chan struct{}, 1)
				busy[m.ID] = slot
			}
			select {
			case slot <- struct{}{}:
				calls.Go(func() {
					n.tell(ctx, m.ID, w)
					<-slot
				})
			default:
			}
		}
	}
}

func (n *Node) tell(ctx context.Context, id string, w word) {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	if err := n.calls.post(ctx, id, pathSoft, w, &nothing{}); err != nil {
		n.log.Debug("a manager was not told", "id", id, "error", err)
	}
}

// takeWord notes what another manager tells.
func (n *Node) takeWord(_ context.Context, from peer, w word) (nothing, error) {
	if len(w.Seen) > maxSightings {
		return nothing{}, fsm.Errorf(fsm.Invalid, "%d sightings at once", len(w.Seen))
	}
	now := time.Now()
	n.soft.mu.Lock()
	n.soft.peers[from.id] = told{now, w.Applied, w.Full}
	n.soft.mu.Unlock()
	news := n.soft.see(from.id, now, false)
	for _, s := range w.Seen {
		if s.Ago >= 0 && n.soft.see(s.ID, now.Add(-time.Duration(s.Ago)*time.Millisecond), false) {
			news = true
		}
	}
	n.soft.setProgress(w.Progress, false)
	if news {
		n.poke()
	}
	return nothing{}, nil
}
