package api

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"bcm/fsm"
)

// ClusterState is how the managers' group is, as the manager sees it that
// answers.
type ClusterState struct {
	ID               string   `json:"id"`
	Leader           string   `json:"leader" doc:"Name; empty while there is none"`
	LeaderAddress    string   `json:"leader_address" doc:"host:port of its API"`
	Term             uint64   `json:"term"`
	Members          []Member `json:"members"`
	FailureTolerance int      `json:"failure_tolerance" doc:"Managers that may be lost now"`
	CommitIndex      uint64   `json:"commit_index"`
	AppliedIndex     uint64   `json:"applied_index"`
	LastContact      string   `json:"last_contact" doc:"Since the leader was heard of, as a duration"`
	Digest           string   `json:"digest" doc:"Of the state at digest_index; equal on all managers"`
	DigestIndex      uint64   `json:"digest_index"`
	ServedBy         string   `json:"served_by"`
	Version          string   `json:"version"`
}

// LeaderInput is who should lead.
type LeaderInput struct {
	To string `json:"to,omitempty" doc:"Id or name of a manager; otherwise the cluster chooses"`
}

// GridStats are the numbers of the overview.
type GridStats struct {
	Nodes   NodeStats    `json:"nodes"`
	Backups BackupStats  `json:"backups"`
	Clients int          `json:"clients"`
	Tasks   int          `json:"tasks"`
	Users   int          `json:"users"`
	Storage StorageStats `json:"storage"`
	Cluster ClusterStats `json:"cluster"`
}

// NodeStats count nodes.
type NodeStats struct {
	Total    int            `json:"total"`
	ByStatus map[string]int `json:"by_status"`
	ByRole   map[string]int `json:"by_role"`
	Cells    []NodeCell     `json:"cells" doc:"By site, role and state"`
}

// BackupStats count backups.
type BackupStats struct {
	Total    int            `json:"total"`
	ByStatus map[string]int `json:"by_status"`
	Running  int            `json:"running"`
	Queued   int            `json:"queued"`
	LastDay  DayStats       `json:"last_24h"`
	Timeline []SpanStats    `json:"timeline" doc:"The last 24 hours, oldest first"`
}

// DayStats count the backups that ended in a day.
type DayStats struct {
	Succeeded int   `json:"succeeded"`
	Warning   int   `json:"warning"`
	Failed    int   `json:"failed"`
	Bytes     int64 `json:"bytes"`
}

// StorageStats sum up the storages, in bytes.
type StorageStats struct {
	Used     int64         `json:"used"`
	Capacity int64         `json:"capacity"`
	Free     int64         `json:"free"`
	Sites    []SiteStorage `json:"sites" doc:"Where there is any"`
}

// ClusterStats are the managers' group in numbers.
type ClusterStats struct {
	Leader           string `json:"leader"`
	Term             uint64 `json:"term"`
	FailureTolerance int    `json:"failure_tolerance"`
	Managers         int    `json:"managers"`
}

func clusterState(a *API, v *fsm.View) ClusterState {
	s := a.Cluster.Status()
	return ClusterState{ID: string(v.Setting(fsm.ClusterID)), Leader: s.LeaderName, LeaderAddress: s.LeaderAPI, Term: s.Term,
		Members: some(s.Members), FailureTolerance: s.FailureTolerance, CommitIndex: s.CommitIndex, AppliedIndex: s.AppliedIndex,
		LastContact: s.LastContact.Round(time.Millisecond).String(), Digest: v.Digest(), DigestIndex: v.Index,
		ServedBy: a.Name, Version: a.Version}
}

func getCluster(c *call) (ClusterState, error) { return clusterState(c.API, c.view), nil }

// memberNamed finds a manager of the group by id or name.
func (c *call) memberNamed(ref string) (Member, error) {
	members := c.Cluster.Status().Members
	i := slices.IndexFunc(members, func(m Member) bool { return m.ID == ref || m.Name == ref })
	if i < 0 {
		return Member{}, fsm.Errorf(fsm.NotFound, "no manager %q in the group", ref)
	}
	return members[i], nil
}

func transferLeadership(c *call, in *LeaderInput) (ClusterState, error) {
	to := ""
	if in.To != "" {
		m, err := c.memberNamed(in.To)
		if err != nil {
			return ClusterState{}, err
		}
		to = m.ID
	}
	if err := c.Cluster.TransferLeadership(c.ctx(), to); err != nil {
		return ClusterState{}, err
	}
	if _, err := c.apply(&fsm.TransferLeadership{To: to}); err != nil {
		return ClusterState{}, unrecorded(err, "the leadership was handed over")
	}
	return clusterState(c.API, c.view), nil
}

func removeMember(c *call) error {
	m, err := c.memberNamed(c.param("member"))
	if err != nil {
		return err
	}
	if err := c.Cluster.RemoveMember(c.ctx(), m.ID); err != nil {
		return err
	}
	if _, err := c.apply(&fsm.RemoveMember{ID: m.ID}); err != nil {
		return unrecorded(err, "the manager was taken out of the group")
	}
	return nil
}

// unrecorded is the error of an act that was done, and whose row of the audit
// trail could not be written.
func unrecorded(err error, what string) error {
	return fsm.Errorf(fsm.OutcomeUnknown, "%s, but that could not be recorded: %v", what, err)
}

// saveSnapshot sends the whole state. What is secret in it stays sealed.
func saveSnapshot(c *call) error {
	r, err := c.Cluster.SaveSnapshot(c.ctx())
	if err != nil {
		return err
	}
	defer r.Close()
	name := "bcm-" + strconv.FormatUint(c.view.Index, 10) + ".snapshot"
	c.gin.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	c.gin.Header("Content-Type", "application/octet-stream")
	c.gin.Status(http.StatusOK)
	if _, err := io.Copy(c.gin.Writer, r); err != nil {
		c.log.Warn("sending a snapshot broke off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// maxSnapshot bounds what a manager reads from somebody who has the right to
// replace the whole state.
const maxSnapshot = 64 << 30

// restoreSnapshot replaces the whole state by one that was saved.
func restoreSnapshot(c *call) error {
	c.log.Warn("the whole state is being replaced", "by", c.user.Name)
	err := c.Cluster.RestoreSnapshot(c.ctx(), http.MaxBytesReader(c.gin.Writer, c.gin.Request.Body, maxSnapshot))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fsm.Errorf(TooLarge, "the snapshot is larger than %d bytes", int64(maxSnapshot))
	}
	if err != nil {
		return err
	}
	if _, err := c.applyAs("restore", &fsm.RestoreSnapshot{User: c.user.Name}); err != nil {
		return unrecorded(err, "the state was replaced")
	}
	c.gin.Status(http.StatusNoContent)
	c.gin.Writer.WriteHeaderNow()
	return nil
}

func getStats(c *call) (GridStats, error) {
	v, s := c.view, c.Cluster.Status()
	sees := c.seesBackups()
	spans, day := timeline(v, c.Now(), sees)
	clients, tasks, backups, byStatus := c.tally(sees)
	out := GridStats{
		Nodes:   NodeStats{Total: v.Nodes.Len(), ByStatus: make(map[string]int), ByRole: make(map[string]int), Cells: cells(v)},
		Backups: BackupStats{Total: backups, ByStatus: byStatus, LastDay: day, Timeline: spans},
		Storage: StorageStats{Sites: storageBySite(v)},
		Clients: clients, Tasks: tasks, Users: v.Users.Len(),
		Cluster: ClusterStats{Leader: s.LeaderName, Term: s.Term, FailureTolerance: s.FailureTolerance, Managers: len(s.Members)},
	}
	for n := range v.Nodes.All() {
		out.Nodes.ByStatus[string(n.Status)]++
		for _, r := range n.Roles {
			out.Nodes.ByRole[r]++
		}
		out.Storage.Used += n.Capacity.Used
		out.Storage.Capacity += n.Capacity.Total
		out.Storage.Free += n.Capacity.Free
	}
	out.Backups.Running = out.Backups.ByStatus[string(fsm.Running)] + out.Backups.ByStatus[string(fsm.Assigned)]
	out.Backups.Queued = out.Backups.ByStatus[string(fsm.Queued)] + out.Backups.ByStatus[string(fsm.Interrupted)]
	return out, nil
}
