package api

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bcm/fsm"
)

// NodeCell counts the nodes of one role at one site that are in one state. A
// node with two roles is counted in both.
type NodeCell struct {
	Site   string `json:"site"`
	Role   string `json:"role"`
	Status string `json:"status" doc:"draining for a node that is online and drains; otherwise its status"`
	Nodes  int    `json:"nodes"`
}

// SiteStorage sums up the storages of one site, in bytes.
type SiteStorage struct {
	Site     string `json:"site"`
	Used     int64  `json:"used"`
	Capacity int64  `json:"capacity"`
}

// SpanStats count the backups that ended in a span of time.
type SpanStats struct {
	From      time.Time `json:"from" doc:"The span begins here and lasts half an hour"`
	Succeeded int       `json:"succeeded"`
	Warning   int       `json:"warning"`
	Failed    int       `json:"failed"`
}

// slice is the length of a span of the timeline.
const slice = 30 * time.Minute

// cells counts nodes by site, role and state, in that order.
func cells(v *fsm.View) []NodeCell {
	counts := make(map[NodeCell]int)
	for n := range v.Nodes.All() {
		status := string(n.Status)
		if n.Status == fsm.Online && n.Mode == fsm.Draining {
			status = string(fsm.Draining)
		}
		for _, role := range n.Roles {
			counts[NodeCell{Site: n.Site, Role: role, Status: status}]++
		}
	}
	out := make([]NodeCell, 0, len(counts))
	for cell, n := range counts {
		cell.Nodes = n
		out = append(out, cell)
	}
	slices.SortFunc(out, func(a, b NodeCell) int {
		return cmp.Or(strings.Compare(a.Site, b.Site), strings.Compare(a.Role, b.Role), strings.Compare(a.Status, b.Status))
	})
	return out
}

// storageBySite sums up the storages of each site that has told of any.
func storageBySite(v *fsm.View) []SiteStorage {
	sums := make(map[string]SiteStorage)
	for n := range v.Nodes.All() {
		if n.Capacity.Total == 0 {
			continue
		}
		s := sums[n.Site]
		sums[n.Site] = SiteStorage{Site: n.Site, Used: s.Used + n.Capacity.Used, Capacity: s.Capacity + n.Capacity.Total}
	}
	out := make([]SiteStorage, 0, len(sums))
	for _, s := range sums {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b SiteStorage) int { return strings.Compare(a.Site, b.Site) })
	return out
}

// timeline counts the backups of the last 24 hours by how and when they ended,
// and sums them up. The spans begin at full and half hours; the last one is not
// over yet.
func timeline(v *fsm.View, now time.Time, sees func(*fsm.Backup) bool) ([]SpanStats, DayStats) {
	var day DayStats
	begin := now.Add(-24 * time.Hour)
	first := begin.UTC().Truncate(slice)
	spans := make([]SpanStats, int(now.Sub(first)/slice)+1)
	for i := range spans {
		spans[i].From = first.Add(time.Duration(i) * slice)
	}
	for _, b := range v.Backups.Walk(fsm.ChangedIndex, true, nil) {
		if b.UpdatedAt < fsm.At(begin) {
			break
		}
		if b.FinishedAt < fsm.At(begin) || !sees(b) {
			continue
		}
		i := int(b.FinishedAt.Time().Sub(first) / slice)
		span := &spans[min(i, len(spans)-1)] // a clock that is ahead of ours a little
		switch b.Status {
		case fsm.Succeeded:
			span.Succeeded++
		case fsm.Warning:
			span.Warning++
		case fsm.Failed:
			span.Failed++
		}
		day.Bytes += b.Stats.Bytes
	}
	for _, span := range spans {
		day.Succeeded += span.Succeeded
		day.Warning += span.Warning
		day.Failed += span.Failed
	}
	return spans, day
}

// tally counts what is in the state, as far as who asks may see it. Without access
// lists the tables tell it; with them each row is asked for, once for all backups
// behind the same lists.
func (c *call) tally(sees func(*fsm.Backup) bool) (clients, tasks, backups int, byStatus map[string]int) {
	v := c.view
	byStatus = make(map[string]int)
	if !c.barrable() {
		for _, status := range runStatuses() {
			if n := v.Backups.Count("status", status); n > 0 {
				byStatus[status] = n
			}
		}
		return v.Clients.Len(), v.Tasks.Len(), v.Backups.Len(), byStatus
	}
	for row := range v.Clients.All() {
		clients += int(bit(c.sees(row)))
	}
	for row := range v.Tasks.All() {
		tasks += int(bit(c.sees(row)))
	}
	for b := range v.Backups.All() {
		if sees(b) {
			backups++
			byStatus[string(b.Status)]++
		}
	}
	return clients, tasks, backups, byStatus
}

// seesBackups tells of many backups whether no access list hides them.
func (c *call) seesBackups() func(*fsm.Backup) bool {
	if !c.barrable() {
		return func(*fsm.Backup) bool { return true }
	}
	type behind struct{ client, task, repository string }
	known := make(map[behind]bool)
	return func(b *fsm.Backup) bool {
		k := behind{b.Client, b.Task, b.Repository}
		sees, ok := known[k]
		if !ok {
			sees = c.sees(b)
			known[k] = sees
		}
		return sees
	}
}

// nodeSeverities and runSeverities are the states with the worst first: what
// needs somebody stands on top of a list that is sorted by status.
func nodeSeverities() []fsm.NodeStatus {
	return []fsm.NodeStatus{fsm.Offline, fsm.Degraded, fsm.Joining, fsm.Left, fsm.Online}
}

func runSeverities() []fsm.Status {
	return []fsm.Status{fsm.Failed, fsm.Interrupted, fsm.Warning, fsm.Running, fsm.Assigned, fsm.Queued,
		fsm.Cancelled, fsm.Succeeded, fsm.Deleted}
}

// severity is the place of a state in its order; a state that is not in it
// comes last.
func severity[S ~string](order []S, state S) int64 {
	if i := slices.Index(order, state); i >= 0 {
		return int64(i)
	}
	return int64(len(order))
}
