package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bcm/fsm"
)

// Alerts is what is wrong now.
type Alerts struct {
	Items []Alert `json:"items" doc:"The worst first"`
	Total int     `json:"total"`
}

// Alert is one thing that somebody should look at.
type Alert struct {
	Severity string     `json:"severity" doc:"critical or warning"`
	Kind     string     `json:"kind" doc:"What is wrong, in a word to compare: node_offline"`
	Object   Object     `json:"object" doc:"With what"`
	Since    *time.Time `json:"since" doc:"Null when it is not known"`
	Text     string     `json:"text"`
}

// The severities, the worst first.
const (
	critical = "critical"
	warning  = "warning"
)

// The bounds are those of the alert rules for Prometheus.
const (
	nearlyFull = 0.1           // of a storage is free
	endsSoon   = 4 * time.Hour // before the end of a member's certificate, which should have been renewed
	// httpsEndsSoon is that of a server's, which may have to be asked for from elsewhere.
	httpsEndsSoon = 14 * 24 * time.Hour
	// mostAhead is how far the time of the log may lie ahead of the clock here: as far
	// as a slot of a schedule may.
	mostAhead = 5 * time.Minute
)

// alerts collects what is wrong, as far as who asks may see it.
type alerts struct {
	call  *call
	now   time.Time
	items []Alert
}

// listAlerts tells what is wrong now. It is worked out afresh each time: nothing
// needs to be acknowledged, and what is mended is gone.
func listAlerts(c *call) (Alerts, error) {
	a := &alerts{call: c, now: c.Now()}
	if c.access.May(fsm.ClusterRead) {
		a.ofCluster()
	}
	if c.access.May(fsm.NodesRead) {
		for n := range c.view.Nodes.All() {
			a.ofNode(n)
		}
		a.ofServers()
	}
	if c.access.May(fsm.DataRead) {
		a.ofCopies()
	}
	if c.access.May(fsm.BackupsRead) {
		if err := a.ofTasks(); err != nil {
			return Alerts{}, err
		}
		a.ofDamage()
		if err := a.ofDrills(); err != nil {
			return Alerts{}, err
		}
	}
	if c.access.May(fsm.DataRead) {
		a.ofApprovals()
	}
	slices.SortStableFunc(a.items, func(a, b Alert) int {
		return cmp.Or(strings.Compare(a.Severity, b.Severity), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Object.Name, b.Object.Name))
	})
	return Alerts{Items: some(a.items), Total: len(a.items)}, nil
}

func (a *alerts) add(severity, kind string, object Object, since fsm.Time, format string, args ...any) {
	a.items = append(a.items, Alert{severity, kind, object, moment(since), fmt.Sprintf(format, args...)})
}

func (a *alerts) ofCluster() {
	s := a.call.Cluster.Status()
	object := Object{Kind: "cluster", ID: string(a.call.view.Setting(fsm.ClusterID))}
	if ahead := a.call.view.At.Time().Sub(a.now); a.call.view.At != 0 && ahead > mostAhead {
		a.add(critical, "clock_ahead", object, 0, "the time of the log is %v ahead of the clock of %s: a manager led with a clock that was set forward. "+
			"Until that time has come, schedules may leave slots out; look at which tasks have no backup since", ahead.Round(time.Second), a.call.Name)
	}
	voters := 0
	for _, m := range s.Members {
		voters += int(bit(m.Voter))
	}
	switch {
	case s.Leader == "":
		a.add(critical, "no_leader", object, 0, "the managers have no leader; nothing can be changed until they have one")
	case voters > 1 && s.FailureTolerance == 0:
		a.add(critical, "no_failure_tolerance", object, 0, "the loss of one more manager stops all changes")
	case voters == 1:
		a.add(warning, "single_manager", object, 0, "there is one manager with a vote; its loss stops the grid. Three can bear one loss")
	}
}

func (a *alerts) ofNode(n *fsm.Node) {
	if n.Mode == fsm.Maintenance {
		return
	}
	object := Object{a.call.view.Nodes.Name(), n.ID, n.Name}
	switch n.Status {
	case fsm.Offline:
		a.add(critical, "node_offline", object, n.LastSeen, "%s is offline", n.Name)
	case fsm.Degraded:
		a.add(warning, "node_degraded", object, 0, "%s is degraded: %s", n.Name, n.Reason)
	}
	a.ofStorage(n, object)
	if total, free := n.Capacity.Total, n.Capacity.Free; total > 0 && float64(free) < nearlyFull*float64(total) {
		a.add(warning, "storage_nearly_full", object, 0, "%s has %d%% of its storage left", n.Name, free*100/total)
	}
	left, soon := n.NotAfter.Time().Sub(a.now), endsSoon
	if s, ok := a.call.view.Servers.Get(n.ID); ok {
		soon = httpsEndsSoon
		a.ofPair(s, object)
	}
	switch {
	case n.NotAfter == 0 || n.Status == fsm.Left || n.Status == fsm.Joining:
	case left <= 0:
		a.add(critical, "certificate_ended", object, n.NotAfter, "the certificate of %s has ended", n.Name)
	case left < soon:
		a.add(warning, "certificate_ends", object, 0, "the certificate of %s ends in %v and was not renewed", n.Name, left.Round(time.Minute))
	}
}

// ofServers tells of managed SEP sesam servers that are not in step.
func (a *alerts) ofServers() {
	v := a.call.view
	for s := range v.Servers.By("mode", string(fsm.Managed)) {
		object := Object{v.Nodes.Name(), s.ID, nodeName(v, s.ID)}
		switch syncStatus(v, s) {
		case syncFailing:
			a.add(critical, "sync_failing", object, 0, "%s cannot be brought in step: %s", object.Name, s.Sync.Error)
		case syncDrift:
			a.add(warning, "sync_drift", object, s.Sync.At, "%s differs in %d objects from what the cluster wants; see bcm sync diff %s", object.Name, len(s.Sync.Drift), object.Name)
		}
	}
}

// ofPair tells of a server that did not take its next HTTPS certificate.
func (a *alerts) ofPair(s *fsm.Server, object Object) {
	if s.Pair.Error != "" {
		a.add(warning, "certificate_not_installed", object, 0, "%s goes on without its next certificate, which could not be installed: %s", object.Name, s.Pair.Error)
	}
}

// ofTasks tells of tasks whose last backup failed, or that have passed two slots
// of their schedule without a good one.
func (a *alerts) ofTasks() error {
	v := a.call.view
	last, best, err := a.call.metrics.ends.ofTasks(a.call.API)
	if err != nil {
		return err
	}
	for t := range v.Tasks.All() {
		if !t.Enabled || !a.call.sees(t) {
			continue
		}
		object := Object{v.Tasks.Name(), t.ID, t.Name}
		if b := last[t.ID]; b != nil && b.Status == fsm.Failed {
			a.add(critical, "backup_failed", object, b.FinishedAt, "the last backup of %s failed: %s", t.Name, b.Error)
		}
		good := best[taskOf{t.Client, t.ID}]
		if due := secondSlot(v, t, max(good, t.CreatedAt)); !due.IsZero() && due.Before(a.now) {
			text := "%s has no good backup yet, though its schedule has named two times for one"
			if good != 0 {
				text = "%s has had no good backup at two times of its schedule"
			}
			a.add(critical, "backup_overdue", object, good, text, t.Name)
		}
	}
	return nil
}

// secondSlot is the second time after at that the task's schedule names; zero for
// a task without one.
func secondSlot(v *fsm.View, t *fsm.Task, at fsm.Time) time.Time {
	s, ok := v.Schedules.Get(t.Schedule)
	if !ok {
		return time.Time{}
	}
	first := nextSlot(s, at.Time())
	if first == nil {
		return time.Time{}
	}
	if second := nextSlot(s, *first); second != nil {
		return *second
	}
	return time.Time{}
}
