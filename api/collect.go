package api

import (
	"context"
	"maps"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"bcm/fsm"
)

// stateCollector reads the numbers of the state and of the managers' group at
// each scrape.
type stateCollector struct {
	api  *API
	ends *ends
}

// Describe tells nothing beforehand: which metrics there are depends on the
// state.
func (s *stateCollector) Describe(chan<- *prometheus.Desc) {}

// Collect reads a view and tells its numbers.
func (s *stateCollector) Collect(ch chan<- prometheus.Metric) {
	v, err := s.api.Cluster.View(context.Background(), fsm.Local())
	if err != nil {
		s.api.log.Warn("a scrape finds no state", "error", err)
		return
	}
	put := gauges(ch)
	put("bcm_build_info", "The program.", 1, "version", s.api.Version, "go", runtime.Version())
	s.group(put, v)
	s.nodes(put, v)
	s.copies(put, v)
	s.backups(put, v)
	s.ends.collect(ch, s.api)
}

// putter tells one value, with names and values of labels in pairs.
type putter func(name, help string, value float64, labels ...string)

func gauges(ch chan<- prometheus.Metric) putter { return metricsOf(ch, prometheus.GaugeValue) }

func metricsOf(ch chan<- prometheus.Metric, kind prometheus.ValueType) putter {
	return func(name, help string, value float64, labels ...string) {
		var names, values []string
		for i := 0; i < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, value, values...)
	}
}

// group tells of the managers.
func (s *stateCollector) group(put putter, v *fsm.View) {
	st := s.api.Cluster.Status()
	put("bcm_raft_is_leader", "1 at the manager that leads.", float64(bit(st.IsLeader)))
	put("bcm_raft_has_leader", "1 while this manager knows a leader.", float64(bit(st.Leader != "")))
	put("bcm_raft_term", "The term.", float64(st.Term))
	put("bcm_raft_commit_index", "Newest index that is committed, as known here.", float64(st.CommitIndex))
	put("bcm_raft_applied_index", "Newest index of the state here.", float64(v.Index))
	put("bcm_raft_last_contact_seconds", "Since the leader was heard of; -1 when never.", st.LastContact.Seconds())
	put("bcm_raft_failure_tolerance", "Managers that may be lost now.", float64(st.FailureTolerance))
	voters := 0
	for _, m := range st.Members {
		voters += int(bit(m.Voter))
		put("bcm_raft_member_healthy", "1 for a manager that was heard of within the last moments.", float64(bit(m.Healthy)), "manager", m.Name)
	}
	put("bcm_raft_voters", "Managers that vote.", float64(voters))
}

// nodes tells of nodes, their certificates and storages.
func (s *stateCollector) nodes(put putter, v *fsm.View) {
	type key struct{ role, status string }
	count := make(map[key]int)
	for _, role := range fsm.Roles() {
		for _, status := range nodeStatuses() {
			count[key{role, status}] = 0
		}
	}
	for n := range v.Nodes.All() {
		for _, role := range n.Roles {
			count[key{role, string(n.Status)}]++
		}
		if n.NotAfter != 0 {
			kind := "member"
			if _, ok := v.Servers.Get(n.ID); ok {
				kind = string(fsm.HTTPSCertificate)
			}
			put("bcm_certificate_not_after_timestamp_seconds", "When a node's certificate ends.", seconds(n.NotAfter), "node", n.Name, "kind", kind)
		}
		if s, ok := v.Servers.Get(n.ID); ok {
			put("bcm_certificate_install_failures", "How often in a row the next HTTPS certificate of a SEP sesam server could not be installed.",
				float64(s.Pair.Failures), "node", n.Name)
		}
		put("bcm_node_up", "1 for a node that is online.", float64(bit(n.Status == fsm.Online || n.Status == fsm.Degraded)),
			"node", n.Name, "mode", string(n.Mode))
		if n.Has(fsm.RoleStorage) {
			put("bcm_storage_used_bytes", "Kept by a storage.", float64(n.Capacity.Used), "node", n.Name)
			put("bcm_storage_capacity_bytes", "What a storage can keep.", float64(n.Capacity.Total), "node", n.Name)
			put("bcm_storage_free_bytes", "What a storage has left.", float64(n.Capacity.Free), "node", n.Name)
			put("bcm_storage_growth_bytes_per_day", "By how much less a storage has left each day, lately.", float64(n.Capacity.Grows), "node", n.Name)
			put("bcm_storage_lost_blobs", "Blobs that are damaged or missing.", float64(n.Capacity.Lost), "node", n.Name)
		}
	}
	for k, n := range count {
		put("bcm_nodes", "Nodes by role and status.", float64(n), "role", k.role, "status", k.status)
	}
	for srv := range v.Servers.By("mode", string(fsm.Managed)) {
		name := nodeName(v, srv.ID)
		put("bcm_sync_drift", "Objects of a managed SEP sesam server that differ from what the cluster wants.", float64(len(v.Differences(srv))), "node", name)
		put("bcm_sync_failures", "How often in a row a managed SEP sesam server could not be brought in step.", float64(srv.Sync.Failures), "node", name)
	}
	for r := range v.Repositories.All() {
		if r.Quota > 0 {
			put("bcm_repository_quota_bytes", "What a repository may keep on each storage.", float64(r.Quota), "repository", r.Name)
		}
	}
}

// backups tells of runs and of the state's size.
func (s *stateCollector) backups(put putter, v *fsm.View) {
	for _, status := range runStatuses() {
		put("bcm_backups", "Backups by status.", float64(v.Backups.Count("status", status)), "status", status)
		put("bcm_jobs", "Restores, verifications and clean-ups by status.", float64(v.Jobs.Count("status", status)), "status", status)
	}
	waiting := v.Backups.Count("status", string(fsm.Queued)) + v.Backups.Count("status", string(fsm.Interrupted))
	put("bcm_backup_queue_length", "Backups that wait for a node.", float64(waiting))
	for noun, n := range map[string]int{"users": v.Users.Len(), "groups": v.Groups.Len(), "clients": v.Clients.Len(),
		"tasks": v.Tasks.Len(), "backups": v.Backups.Len(), "events": v.Events.Len(), "tokens": v.Tokens.Len()} {
		put("bcm_objects", "Rows of the state.", float64(n), "noun", noun)
	}
}

func seconds(t fsm.Time) float64 { return float64(t) / 1e9 }

// ends watches backups come to their ends. It goes on from question to question,
// so that a million old backups are looked at once.
type ends struct {
	mu       sync.Mutex
	at       uint64 // all up to this index was seen
	from     uint64 // what ended before it is not counted, as with any counter of a process
	best     map[taskOf]fsm.Time
	last     map[string]*fsm.Backup // that has ended, by id of its task
	drills   drills
	duration *prometheus.HistogramVec
	read     *prometheus.CounterVec
	written  *prometheus.CounterVec
	finished *prometheus.CounterVec
}

// taskOf is a task of a client, by their ids.
type taskOf struct{ client, task string }

func newEnds() *ends {
	return &ends{
		best:   make(map[taskOf]fsm.Time),
		last:   make(map[string]*fsm.Backup),
		drills: newDrills(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "bcm_backup_duration_seconds",
			Help: "How long backups took.", Buckets: prometheus.ExponentialBuckets(1, 4, 9)}, []string{"status"}),
		read: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_backup_read_bytes_total",
			Help: "Data that ended backups have gone through."}, []string{"client"}),
		written: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_backup_written_bytes_total",
			Help: "Data that ended backups have added to storages."}, []string{"client"}),
		finished: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_backups_finished_total",
			Help: "Backups that came to an end."}, []string{"status"}),
	}
}

// catchUp looks at what has come to its end since the last time. The view is
// taken under the lock: one that another had taken before might be older.
func (e *ends) catchUp(a *API) (*fsm.View, error) {
	v, err := a.Cluster.View(context.Background(), fsm.Local())
	if err != nil {
		return nil, err
	}
	if e.at == 0 {
		e.from = v.Index
	}
	if v.Index < e.at { // an older state was put in place
		e.at, e.best, e.last = 0, make(map[taskOf]fsm.Time), make(map[string]*fsm.Backup)
		e.drills = newDrills()
	}
	for b := range v.Backups.Since(e.at) {
		e.see(v, b)
	}
	for j := range v.Jobs.Since(e.at) {
		e.drills.see(v, j)
	}
	e.at = v.Index
	for k := range e.best {
		_, ok := v.Clients.Get(k.client)
		if _, named := v.Tasks.Get(k.task); !ok || !named {
			delete(e.best, k)
		}
	}
	for task := range e.last {
		if _, ok := v.Tasks.Get(task); !ok {
			delete(e.last, task)
		}
	}
	return v, nil
}

// ofTasks gives the last backup of each task that has ended, and when there was
// a good one.
func (e *ends) ofTasks(a *API) (last map[string]*fsm.Backup, best map[taskOf]fsm.Time, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := e.catchUp(a); err != nil {
		return nil, nil, err
	}
	return maps.Clone(e.last), maps.Clone(e.best), nil
}

func (e *ends) collect(ch chan<- prometheus.Metric, a *API) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, err := e.catchUp(a)
	if err != nil {
		a.log.Warn("a scrape finds no state", "error", err)
		return
	}
	put := gauges(ch)
	for k, at := range e.best {
		c, _ := v.Clients.Get(k.client)
		t, _ := v.Tasks.Get(k.task)
		put("bcm_backup_last_success_timestamp_seconds", "When a task of a client was last backed up.", seconds(at),
			"client", c.Name, "task", t.Name)
	}
	e.drills.put(put, v)
	e.duration.Collect(ch)
	e.read.Collect(ch)
	e.written.Collect(ch)
	e.finished.Collect(ch)
}

func (e *ends) see(v *fsm.View, b *fsm.Backup) {
	good := b.Status == fsm.Succeeded || b.Status == fsm.Warning || b.Status == fsm.Deleted && b.Stats.Files > 0
	if k := (taskOf{b.Client, b.Task}); good && b.Task != "" && b.FinishedAt > e.best[k] {
		e.best[k] = b.FinishedAt
	}
	e.latest(b)
	if b.Index <= e.from || !b.Status.Ended() || b.Status == fsm.Deleted {
		return
	}
	e.finished.WithLabelValues(string(b.Status)).Inc()
	if b.StartedAt != 0 {
		e.duration.WithLabelValues(string(b.Status)).Observe(b.FinishedAt.Sub(b.StartedAt).Seconds())
	}
	client := clientName(v, b.Client)
	e.read.WithLabelValues(client).Add(float64(b.Stats.Bytes))
	e.written.WithLabelValues(client).Add(float64(b.Stats.NewBytes))
}

// latest keeps the newest backup of a task that has ended and was not deleted.
func (e *ends) latest(b *fsm.Backup) {
	old := e.last[b.Task]
	switch {
	case b.Task == "" || !b.Status.Ended():
	case b.Status != fsm.Deleted:
		if old == nil || b.FinishedAt >= old.FinishedAt {
			e.last[b.Task] = b
		}
	case old != nil && old.ID == b.ID:
		delete(e.last, b.Task)
	}
}
