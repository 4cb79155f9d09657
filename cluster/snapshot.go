package cluster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"bcm/fsm"
)

const (
	maxSnapshot    = 1 << 30
	restoreTimeout = 5 * time.Minute
)

// SaveSnapshot gives the state as it is now, in the form that
// [Node.RestoreSnapshot] takes. The reader is to be closed.
func (n *Node) SaveSnapshot(ctx context.Context) (io.ReadCloser, error) {
	v, err := n.View(ctx, fsm.Linearizable())
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(v.WriteSnapshot(w)) }()
	return r, nil
}

// RestoreSnapshot replaces the state of the whole cluster by a snapshot of it.
// The recovery epoch is raised with it, so that orders given since the snapshot
// was taken count for less than all that will be given. It refuses a snapshot
// that is damaged, of another cluster, or taken before a manager joined: that
// one would find itself expelled.
func (n *Node) RestoreSnapshot(ctx context.Context, from io.Reader) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, restoreTimeout)
		defer cancel()
	}
	var err error
	switch leader := n.leaderID(); {
	case n.raft.State() == raft.Leader:
		err = n.restore(ctx, from)
	case leader == "" || leader == n.cfg.ID:
		err = &moved{cause: raft.ErrNotLeader}
	default:
		err = n.calls.send(ctx, leader, pathRestore, from, &nothing{})
	}
	var m *moved
	if errors.As(err, &m) {
		return m.outward()
	}
	return err
}

// restore replaces the state, as the leader.
func (n *Node) restore(ctx context.Context, from io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(from, maxSnapshot+1))
	if err != nil {
		return fsm.Errorf(fsm.Invalid, "the snapshot cannot be read: %v", err)
	}
	if len(data) > maxSnapshot {
		return fsm.Errorf(fsm.Invalid, "the snapshot is larger than %d bytes", int64(maxSnapshot))
	}
	v, err := fsm.ReadSnapshot(bytes.NewReader(data))
	if err != nil {
		return fsm.Errorf(fsm.Invalid, "%v", err)
	}
	if err := n.fits(v); err != nil {
		return err
	}
	next, err := n.raised(data, v)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := next.WriteSnapshot(&out); err != nil {
		return err
	}
	meta := &raft.SnapshotMeta{Version: raft.SnapshotVersionMax, Index: next.Index, Term: n.raft.CurrentTerm(), Size: int64(out.Len())}
	if err := n.raft.Restore(meta, &out, restoreTimeout); err != nil {
		return applyError(err)
	}
	_, err = n.state.View(ctx, next.Index)
	return err
}

// fits refuses a state that this cluster, as it is, cannot go on from.
func (n *Node) fits(v *fsm.View) error {
	if got := string(v.Setting(fsm.ClusterID)); got != n.cfg.Cluster {
		return fsm.Errorf(fsm.Invalid, "the snapshot is of cluster %q, this is %q", got, n.cfg.Cluster)
	}
	f := n.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return applyError(err)
	}
	var managers []string
	for _, s := range f.Configuration().Servers {
		managers = append(managers, string(s.ID))
	}
	for m := range n.state.Now().Nodes.By("role", fsm.RoleManager) { // and who is only about to be in the group
		managers = append(managers, m.ID)
	}
	for _, id := range managers {
		if m, ok := v.Nodes.Get(id); !ok || !m.Has(fsm.RoleManager) {
			return fsm.Errorf(fsm.Conflict, "the snapshot does not know manager %s, which joined later; remove that one first", id)
		}
	}
	return nil
}

// raised is the state of a snapshot with its recovery epoch raised above that of
// now, at an index that nobody has seen yet.
func (n *Node) raised(data []byte, v *fsm.View) (*fsm.View, error) {
	now := n.state.Now()
	epoch := max(epochOf(v), epochOf(now)) + 1
	by := "system:restore"
	e, err := fsm.NewEntry(context.Background(), by, &fsm.PutSetting{Name: fsm.RecoveryEpoch,
		Value: strconv.AppendUint(nil, epoch, 10)})
	if err != nil {
		return nil, err
	}
	e.At = max(now.At, v.At, fsm.At(time.Now()))
	record, err := fsm.EncodeBatch([]fsm.Entry{e})
	if err != nil {
		return nil, err
	}
	aside := fsm.New(hclog.NewNullLogger())
	if err := aside.Restore(io.NopCloser(bytes.NewReader(data))); err != nil {
		return nil, fsm.Errorf(fsm.Invalid, "%v", err)
	}
	index := max(n.raft.LastIndex(), v.Index) + 1
	answer := aside.Apply(&raft.Log{Index: index, Type: raft.LogCommand, Data: record})
	outcomes, ok := answer.(fsm.Outcomes)
	if !ok {
		return nil, fsm.Errorf(fsm.Internal, "the recovery epoch cannot be raised: %v", answer)
	}
	if _, err := outcomes.At(0); err != nil {
		return nil, err
	}
	return aside.Now(), nil
}

func epochOf(v *fsm.View) uint64 {
	epoch, err := strconv.ParseUint(string(v.Setting(fsm.RecoveryEpoch)), 10, 64)
	if err != nil {
		return 0 // never set
	}
	return epoch
}

// takeSnapshot restores, as the leader, what another manager was given.
func (n *Node) takeSnapshot(w http.ResponseWriter, r *http.Request) {
	from, err := peerOf(r)
	if err == nil && n.raft.State() != raft.Leader {
		err = &moved{cause: raft.ErrNotLeader}
	}
	if err == nil {
		err = from.admits(n)
	}
	if err == nil {
		err = n.restore(r.Context(), http.MaxBytesReader(w, r.Body, maxSnapshot))
	}
	n.reply(w, nothing{}, err)
}
