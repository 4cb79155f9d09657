package cluster

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"bcm/fsm"
)

func TestObserved(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	long := ago(3600)
	tests := []struct {
		name        string
		status      fsm.NodeStatus
		seen, began time.Time
		changed     time.Time
		want        fsm.NodeStatus
	}{
		{"joining, never heard of", fsm.Joining, time.Time{}, long, long, fsm.Joining},
		{"joining, heard of", fsm.Joining, ago(1), long, long, fsm.Online},
		{"online, heard of", fsm.Online, ago(8), long, long, fsm.Online},
		{"online, silent", fsm.Online, ago(9), long, long, fsm.Offline},
		{"online, silent, but the term has only begun", fsm.Online, ago(60), ago(8), long, fsm.Online},
		{"online, never heard of in this term", fsm.Online, time.Time{}, ago(9), long, fsm.Offline},
		{"degraded, heard of", fsm.Degraded, ago(1), long, long, fsm.Degraded},
		{"degraded, silent", fsm.Degraded, ago(20), long, long, fsm.Offline},
		{"offline, silent", fsm.Offline, ago(20), long, long, fsm.Offline},
		{"offline, heard of", fsm.Offline, ago(1), long, long, fsm.Online},
		{"left, its last words come in", fsm.Left, ago(1), long, ago(2), fsm.Left},
		{"left, back again", fsm.Left, ago(1), long, ago(60), fsm.Online},
		{"left, silent", fsm.Left, ago(30), long, ago(60), fsm.Left},
	}
	for _, tt := range tests {
		n := &fsm.Node{Meta: fsm.Meta{UpdatedAt: fsm.At(tt.changed)}, Status: tt.status}
		if got := observed(n, tt.seen, tt.began, now, 9*time.Second); got != tt.want {
			t.Errorf("%s: %s, wanted %s", tt.name, got, tt.want)
		}
	}
}

func TestVote(t *testing.T) {
	tests := []struct {
		voters int
		ready  []string
		want   string
	}{
		{1, nil, ""}, {1, []string{"b"}, ""}, {1, []string{"c", "b"}, "b"},
		{2, []string{"c"}, "c"}, {2, nil, ""},
		{3, []string{"d"}, ""}, {3, []string{"d", "e"}, "d"}, {4, []string{"e"}, "e"},
	}
	for _, tt := range tests {
		got := vote(tt.voters, tt.ready)
		if tt.want == "" && got != nil || tt.want != "" && (got == nil || got.id != tt.want || got.what != getVote) {
			t.Errorf("%d voters and %v ready: %+v, wanted %q", tt.voters, tt.ready, got, tt.want)
		}
	}
}

func TestApplyError(t *testing.T) {
	const notDone, unknown = fsm.Unavailable, fsm.OutcomeUnknown
	tests := []struct {
		err   error
		moved bool // tried again elsewhere
		want  fsm.Code
	}{
		{raft.ErrNotLeader, true, notDone},
		{raft.ErrEnqueueTimeout, true, notDone},
		{raft.ErrLeadershipTransferInProgress, true, notDone},
		{raft.ErrLeadershipLost, true, unknown},
		{raft.ErrRaftShutdown, true, unknown},
		{fmt.Errorf("%w: write log", ErrStorage), true, unknown},
		{errors.New("something new"), true, unknown},
		{raft.ErrAbortedByRestore, false, notDone},
		{fsm.Errorf(fsm.NoRoom, "no room"), false, fsm.NoRoom},
	}
	for _, tt := range tests {
		err := applyError(tt.err)
		var m *moved
		isMoved := errors.As(err, &m)
		if isMoved {
			err = m.outward()
		}
		if isMoved != tt.moved || fsm.CodeOf(err) != tt.want {
			t.Errorf("%v: moved %v, %s", tt.err, isMoved, fsm.CodeOf(err))
		}
	}
}

func TestAdvertised(t *testing.T) {
	tests := []struct{ want, listening, got string }{
		{"", "10.1.1.1:7444", "10.1.1.1:7444"},
		{"node.example:9000", "0.0.0.0:7444", "node.example:9000"},
		{"node.example:0", "[::]:7444", "node.example:7444"},
		{"", "0.0.0.0:7444", ""},
		{"nonsense", "10.1.1.1:7444", ""},
	}
	for _, tt := range tests {
		got, err := advertised(tt.want, idAddr(tt.listening))
		if got != tt.got || (err == nil) != (tt.got != "") {
			t.Errorf("%q on %s: %q, %v", tt.want, tt.listening, got, err)
		}
	}
}

// A manager that was removed stays in the group for a second, to hear of it; one that is
// not heard of goes at once. The second begins anew for one that comes back in between.
func TestWhoWasRemovedHearsOfIt(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	k := &keeper{Node: &Node{cfg: Config{ID: "m1"}, soft: newSoft(), disk: &disk{guard: &guard{free: func(string) (int64, error) { return 1 << 40, nil }}}}, gone: map[string]time.Time{}}
	v := fsm.New(hclog.NewNullLogger()).Now() // without a node: all others were removed
	heard := func(id string) { k.soft.peers[id] = told{at: now} }
	next := func(ids ...string) string {
		var servers []raft.Server
		for _, id := range ids {
			servers = append(servers, raft.Server{ID: raft.ServerID(id), Suffrage: raft.Voter})
		}
		c := k.next(v, servers, now)
		if c == nil {
			return ""
		}
		return c.what + " " + c.id
	}
	expect := func(what, want string, ids ...string) {
		t.Helper()
		if got := next(ids...); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("silent", leaveGroup+" m9", "m9")
	heard("m2")
	expect("just removed", "", "m2")
	now = now.Add(tellFor - time.Millisecond)
	heard("m2")
	expect("not yet a second", "", "m2")
	now = now.Add(time.Millisecond)
	heard("m2")
	expect("a second", leaveGroup+" m2", "m2")
	heard("m3")
	expect("one at a time", leaveGroup+" m2", "m2", "m3")
	heard("m4")
	expect("another has its own second", "", "m4")
	now = now.Add(aliveFor + time.Millisecond)
	expect("it fell silent", leaveGroup+" m4", "m4")
	expect("itself hands over first", handOver+" m1", "m1", "m4")
}
