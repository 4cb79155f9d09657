package fsm

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// SyncRevision is the setting that holds the revision of what servers should have:
// the applied index of the last change of users, groups or access lists.
const SyncRevision = "sync.revision"

// Revision is the revision of what managed servers should have.
func (t *tables) Revision() uint64 {
	s, ok := t.Settings.Get(SyncRevision)
	if !ok {
		return 0
	}
	n, _ := number(s.Value)
	return n
}

// people identifies all that servers are told of.
func (tx *Tx) people() [3]Sum { return [3]Sum{tx.Users.sum, tx.Groups.sum, tx.ACLs.sum} }

// revise raises the revision when people have changed since before.
func (tx *Tx) revise(before [3]Sum) {
	if tx.Servers.Len() > 0 && tx.people() != before {
		put(tx, &tx.Settings, &Setting{Meta{ID: SyncRevision}, strconv.AppendUint(nil, tx.Index, 10)})
	}
}

// CreateSync is the order to bring a managed server to a revision.
type CreateSync struct {
	ID       string `cbor:"id"`
	Server   string `cbor:"server"`
	Revision uint64 `cbor:"revision"`
	Steps    []Step `cbor:"steps"`
}

// MaxSteps bounds the steps of one order; what is left over is in the next.
const MaxSteps = 500

func (c *CreateSync) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Jobs, "job", c.ID); err != nil {
		return "", err
	}
	node, s, err := tx.server(c.Server)
	if err != nil {
		return "", err
	}
	switch {
	case s.Mode != Managed:
		return "", Errorf(Conflict, "server %s is its own master", node.Name)
	case c.Revision < s.Sync.Reached:
		return "", Errorf(Conflict, "server %s has reached revision %d, which is above %d", node.Name, s.Sync.Reached, c.Revision)
	case tx.Jobs.Count("sync", s.ID) > 0:
		return "", Errorf(Conflict, "server %s is being brought to another revision", node.Name)
	case len(c.Steps) == 0 || len(c.Steps) > MaxSteps:
		return "", invalidField("steps", "there must be 1 to %d", MaxSteps)
	}
	put(tx, &tx.Jobs, &Job{Meta: Meta{ID: c.ID}, Run: Run{Status: Queued}, Kind: SyncJob, By: tx.By,
		Server: s.ID, Revision: c.Revision, Steps: c.Steps})
	tx.object = Object{Noun: nodes.name, ID: node.ID, Name: node.Name}
	tx.detail = fmt.Sprintf("%d steps to revision %d", len(c.Steps), c.Revision)
	return c.ID, nil
}

// synced records in a server how an order to it has ended.
func (tx *Tx) synced(j *Job) {
	old, ok := tx.Servers.Get(j.Server)
	if j.Kind != SyncJob || !ok {
		return
	}
	s := *old
	if j.Status == Succeeded {
		for _, step := range j.Steps {
			if len(step.Sealed) > 0 {
				tx.delivered(step.User, s.ID, step.Sealed)
			}
		}
		s.Sync.Failures, s.Sync.RetryAt, s.Sync.Error = 0, 0, ""
	} else {
		s.Sync.Failures++
		s.Sync.RetryAt = tx.At.Add(syncPause(s.Sync.Failures))
		s.Sync.Error = j.Error
	}
	put(tx, &tx.Servers, &s)
	j.Steps = slices.Clone(j.Steps)
	for i := range j.Steps {
		j.Steps[i].Sealed = nil
	}
}

// syncPause is how long a server is left alone after so many failures in a row.
func syncPause(failures int) time.Duration {
	return min(time.Second<<min(failures-1, 10), 5*time.Minute)
}

// SettleServer records that a server has all that the cluster wants of it.
type SettleServer struct {
	ID       string `cbor:"id"`
	Revision uint64 `cbor:"revision"`
}

func (c *SettleServer) apply(tx *Tx) (string, error) {
	node, old, err := tx.server(c.ID)
	if err != nil {
		return "", err
	}
	if old.Mode != Managed || c.Revision != tx.Revision() || c.Revision < old.Sync.Reached {
		return "", Errorf(Conflict, "server %s is %s, and the revision is %d, not %d", node.Name, old.Mode, tx.Revision(), c.Revision)
	}
	if n := len(tx.Differences(old)); n > 0 {
		return "", Errorf(Conflict, "server %s differs in %d objects", node.Name, n)
	}
	for _, k := range syncedKinds {
		wanted := tx.wants(old, k.kind)
		for _, m := range tx.Mirrored(old.ID, k.kind) {
			if wanted[m.Name] != nil && !m.Ours {
				ours := *m
				ours.Ours = true
				put(tx, &tx.Mirrors, &ours)
			}
		}
	}
	s := *old
	s.Sync = SyncState{Reached: c.Revision, At: tx.At}
	put(tx, &tx.Servers, &s)
	tx.object = Object{Noun: nodes.name, ID: node.ID, Name: node.Name}
	tx.detail = fmt.Sprintf("in step at revision %d", c.Revision)
	return s.ID, nil
}

// NoteDrift records what was found to differ on a server whose drift is left to a
// person.
type NoteDrift struct {
	ID       string `cbor:"id"`
	Revision uint64 `cbor:"revision"` // apart from the drift, it has reached that
	Drift    []Step `cbor:"drift"`
}

func (c *NoteDrift) apply(tx *Tx) (string, error) {
	node, old, err := tx.server(c.ID)
	if err != nil {
		return "", err
	}
	if old.Mode != Managed || old.Policy == Repair || c.Revision != tx.Revision() || len(c.Drift) > MaxSteps {
		return "", Errorf(Conflict, "server %s is %s with the policy %s, at revision %d", node.Name, old.Mode, old.Policy, tx.Revision())
	}
	s := *old
	s.Sync.Reached, s.Sync.At, s.Sync.Drift = c.Revision, tx.At, slices.Clone(c.Drift)
	for i := range s.Sync.Drift {
		s.Sync.Drift[i].Sealed = nil
	}
	put(tx, &tx.Servers, &s)
	tx.object = Object{Noun: nodes.name, ID: node.ID, Name: node.Name}
	tx.detail = fmt.Sprintf("%d objects differ", len(c.Drift))
	return s.ID, nil
}

// RetrySync has servers that were left alone after failures tried at once, and drift
// that was left to a person repaired.
type RetrySync struct {
	IDs []string `cbor:"ids"`
}

func (c *RetrySync) apply(tx *Tx) (string, error) {
	for _, id := range c.IDs {
		node, old, err := tx.server(id)
		if err != nil {
			return "", err
		}
		if old.Mode != Managed {
			return "", Errorf(Conflict, "server %s is its own master; make it managed first", node.Name)
		}
		s := *old
		s.Sync.RetryAt, s.Sync.Failures, s.Sync.Reached, s.Sync.Drift = 0, 0, 0, nil
		put(tx, &tx.Servers, &s)
		tx.about(nodes.name, node.ID, node.Name)
	}
	return "", nil
}
