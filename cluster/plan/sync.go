package plan

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"bcm/fsm"
)

// syncChanged gives the plan that looks after SEP sesam servers. It sees to it that
// each has a node that reaches it, and brings those that the cluster is the master of
// to what the cluster wants: one order at a time for each server, made of what was
// seen to differ. What differs though the cluster has not changed is drift, of which
// the server's policy says what becomes of it.
//
// To compare a thousand users with those of fifty servers takes too long for every
// change of the state: what was found is kept until something of it changes.
func syncChanged() Func {
	var mu sync.Mutex // members of one process may share their plans
	memory := make(map[string]compared)
	return func(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
		if v.Servers.Len() == 0 {
			return nil, time.Time{}
		}
		mu.Lock()
		defer mu.Unlock()
		s := syncing{v: v, now: now, memory: memory}
		s.expire()
		for server := range v.Servers.All() {
			s.carry(server)
			s.assign(server)
			s.see(server)
		}
		return s.do, s.next
	}
}

// compared is what was found when a server was compared with what is wanted.
type compared struct {
	index  uint64 // of the view
	known  [5]uint64
	differ []fsm.Step
}

// syncing is one look at all servers.
type syncing struct {
	v      *fsm.View
	now    time.Time
	memory map[string]compared
	do     []fsm.Command
	next   time.Time
}

// look tells whether it is that time.
func (s *syncing) look(at fsm.Time) bool {
	if t := at.Time(); t.After(s.now) {
		s.next = earlier(s.next, t)
		return false
	}
	return true
}

// expire ends the wait of passwords for servers that did not come back.
func (s *syncing) expire() {
	for _, p := range s.v.Passwords.Walk("expires", false, nil) {
		if !s.look(p.Expires) {
			return
		}
		s.do = append(s.do, &fsm.ExpirePassword{ID: p.ID})
	}
}

// carry gives a server to a node that can reach it: the one that it goes through, or
// else a manager. It stays where it is while that is up.
func (s *syncing) carry(server *fsm.Server) {
	to := s.carrier(server)
	if to != server.Carrier {
		s.do = append(s.do, &fsm.CarryServer{ID: server.ID, From: server.Carrier, To: to})
	}
}

func (s *syncing) carrier(server *fsm.Server) string {
	if server.Via != "" {
		return able(s.v, server.Via)
	}
	if id := able(s.v, server.Carrier); id != "" {
		return id
	}
	var all []string
	for m := range s.v.Nodes.By("role", fsm.RoleManager) {
		if id := able(s.v, m.ID); id != "" {
			all = append(all, id)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return slices.MaxFunc(all, func(a, b string) int { // servers are spread over the managers
		return cmp.Compare(hash(idOf(server.ID, a)), hash(idOf(server.ID, b)))
	})
}

// able gives the node back when it is up and can reach servers, else "".
func able(v *fsm.View, id string) string {
	if n, ok := v.Nodes.Get(id); ok && n.Up() && n.Mode != fsm.Maintenance && n.Does(fsm.RoleSesam) {
		return id
	}
	return ""
}

// assign gives an order that waits to the node that looks after its server.
func (s *syncing) assign(server *fsm.Server) {
	s.assignFrom("sync", server)
	s.assignFrom("launched", server)
}

func (s *syncing) assignFrom(index string, server *fsm.Server) {
	for j := range s.v.Jobs.By(index, server.ID) {
		if !j.Status.Waits() || server.Carrier == "" {
			continue
		}
		if w := (waiting{&j.Run, &j.Meta, nil, j}); s.look(fsm.At(w.retryAt())) {
			s.do = append(s.do, &fsm.AssignJob{ID: j.ID, From: j.Status, Attempt: j.Attempt, Node: server.Carrier})
		}
	}
}

// see compares a managed server with what is wanted of it.
func (s *syncing) see(server *fsm.Server) {
	if server.Mode != fsm.Managed || !server.Reachable() || s.v.Jobs.Count("sync", server.ID) > 0 {
		return
	}
	steps, revision := s.differences(server), s.v.Revision()
	inStep := server.Sync.Reached == revision && server.Sync.At != 0
	fresh := steps
	if server.Policy != fsm.Repair {
		fresh = slices.DeleteFunc(slices.Clone(steps), func(step fsm.Step) bool {
			return slices.ContainsFunc(server.Sync.Drift, func(d fsm.Step) bool { return alike(step, d) })
		})
	}
	switch {
	case len(steps) == 0:
		if server.Sync.Reached != revision || server.Sync.At == 0 || server.Sync.Failures > 0 || len(server.Sync.Drift) > 0 {
			s.do = append(s.do, &fsm.SettleServer{ID: server.ID, Revision: revision})
		}
	case inStep && server.Policy != fsm.Repair:
		s.drift(server, steps, revision)
	case len(fresh) == 0: // what the cluster has changed is there
		s.do = append(s.do, &fsm.NoteDrift{ID: server.ID, Drift: steps[:min(len(steps), fsm.MaxSteps)], Revision: revision})
	case s.look(server.Sync.RetryAt):
		s.do = append(s.do, &fsm.CreateSync{ID: idOf("sync", server.ID, strconv.FormatUint(server.Index, 10), strconv.FormatUint(revision, 10)),
			Server: server.ID, Revision: revision, Steps: fresh[:min(len(fresh), fsm.MaxSteps)]})
	}
}

// drift does with what was changed on a server as its policy says.
func (s *syncing) drift(server *fsm.Server, steps []fsm.Step, revision uint64) {
	steps = steps[:min(len(steps), fsm.MaxSteps)]
	if slices.EqualFunc(steps, server.Sync.Drift, alike) {
		return
	}
	adoptable := func(step fsm.Step) bool {
		return step.Kind == fsm.ServerUser && step.Do == fsm.ChangeStep || step.Do == fsm.DisableStep
	}
	if server.Policy == fsm.Adopt && slices.ContainsFunc(steps, adoptable) && len(server.Sync.Drift) == 0 {
		s.do = append(s.do, &fsm.AdoptDrift{ID: server.ID, Revision: revision})
		return
	}
	s.do = append(s.do, &fsm.NoteDrift{ID: server.ID, Drift: steps, Revision: revision})
}

// alike tells whether two steps are about the same difference.
func alike(a, b fsm.Step) bool {
	return a.Do == b.Do && a.Kind == b.Kind && a.Name == b.Name && slices.Equal(a.Fields, b.Fields)
}

// differences compares a server, unless nothing has changed since that was done.
func (s *syncing) differences(server *fsm.Server) []fsm.Step {
	known := [5]uint64{s.v.Revision(), server.Index, uint64(s.v.Mirrors.Count("server", server.ID)),
		s.v.Passwords.LastIndex(), uint64(s.v.Passwords.Len())}
	last, ok := s.memory[server.ID]
	if ok && last.known == known && last.index <= s.v.Index && !s.moved(server.ID, last.index) {
		last.index = s.v.Index
		s.memory[server.ID] = last
		return last.differ
	}
	c := compared{index: s.v.Index, known: known, differ: s.v.Differences(server)}
	s.memory[server.ID] = c
	return c.differ
}

// moved tells whether an object of the server was seen to change since an index.
func (s *syncing) moved(server string, index uint64) bool {
	for m := range s.v.Mirrors.Since(index) {
		if m.Server == server {
			return true
		}
	}
	return false
}
