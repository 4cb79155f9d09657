package cluster

import (
	"errors"
	"fmt"
	"testing"
	"time"

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
