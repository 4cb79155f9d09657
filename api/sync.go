package api

import (
	"encoding/json"
	"time"

	"bcm/fsm"
)

// SyncState is how far a managed server is in step with the cluster.
type SyncState struct {
	Meta
	Node    string     `json:"node" doc:"Name"`
	Mode    string     `json:"cluster_mode"`
	Status  string     `json:"status" doc:"in-step, syncing, failing, drift, unreachable, or standalone"`
	Wanted  uint64     `json:"wanted_revision"`
	Reached uint64     `json:"reached_revision"`
	At      *time.Time `json:"reached_at"`
	Drift   int        `json:"drift" doc:"Objects that differ at this moment"`
	Error   string     `json:"error" doc:"Of the last try, or why the server cannot be reached"`
	RetryAt *time.Time `json:"retry_at" doc:"When it is tried again after a failure"`
	Waiting int        `json:"waiting_passwords" doc:"Users whose new password the server does not have yet"`
}

// SyncStep is one change that would bring a server nearer to what the cluster wants.
type SyncStep struct {
	Do     string    `json:"do" doc:"create, change, disable or remove"`
	Kind   string    `json:"kind" doc:"user, group or acl"`
	Name   string    `json:"name"`
	Fields []string  `json:"fields" doc:"What differs"`
	Wanted *SyncFact `json:"wanted" doc:"Absent when it is to be removed"`
	Found  *SyncFact `json:"found" doc:"Absent when the server has none"`
}

// SyncFact is what the cluster keeps in step of an object.
type SyncFact struct {
	Enabled bool     `json:"enabled"`
	Groups  []string `json:"groups"`
	Comment string   `json:"comment"`
	Rights  []string `json:"rights"`
}

// SyncDiff is what a server differs in.
type SyncDiff struct {
	Node     string     `json:"node" doc:"Name"`
	Mode     string     `json:"cluster_mode" doc:"Of a standalone server it is what would be done if it became managed"`
	Revision uint64     `json:"revision"`
	Steps    []SyncStep `json:"steps"`
	TakeOver []string   `json:"take_over" doc:"Users and groups that only the server has: with take_over they become the cluster's"`
	Stale    bool       `json:"stale" doc:"The server cannot be reached: it may be otherwise by now"`
}

// SyncInput asks for servers to be brought in step at once.
type SyncInput struct {
	Nodes  []string `json:"nodes,omitempty" doc:"Ids or names; otherwise all that are managed"`
	DryRun bool     `json:"dry_run,omitempty" doc:"Only say what would be done"`
}

// SyncAnswer is what is done, or would be.
type SyncAnswer struct {
	Diffs []SyncDiff `json:"diffs"`
}

// The states of synchronisation.
const (
	syncAlone   = "standalone"
	syncAway    = "unreachable"
	syncFailing = "failing"
	syncBusy    = "syncing"
	syncDrift   = "drift"
	syncInStep  = "in-step"
)

func syncStatus(v *fsm.View, s *fsm.Server) string {
	switch {
	case s.Mode == fsm.Standalone:
		return syncAlone
	case !s.Reachable():
		return syncAway
	case s.Sync.Failures > 0:
		return syncFailing
	case len(s.Sync.Drift) > 0:
		return syncDrift
	case s.Sync.At == 0 || s.Sync.Reached != v.Revision() || v.Jobs.Count("sync", s.ID) > 0:
		return syncBusy
	}
	return syncInStep
}

func serverMeta(s *fsm.Server) *fsm.Meta { return &s.Meta }

func showSync(_ *API, v *fsm.View, s *fsm.Server) SyncState {
	out := SyncState{Meta: metaOf(&s.Meta), Node: nodeName(v, s.ID), Mode: string(s.Mode), Status: syncStatus(v, s), Reached: s.Sync.Reached,
		At: moment(s.Sync.At), Error: s.Sync.Error, RetryAt: moment(s.Sync.RetryAt), Waiting: v.Passwords.Count("waiting", s.ID)}
	if s.Error != "" {
		out.Error = s.Error
	}
	if s.Mode == fsm.Managed {
		out.Wanted, out.Drift = v.Revision(), len(v.Differences(s))
	}
	return out
}

func syncListing() listing[fsm.Server, SyncState] {
	return listing[fsm.Server, SyncState]{
		table: func(v *fsm.View) *fsm.Table[fsm.Server] { return &v.Servers },
		meta:  serverMeta,
		show:  showSync,
		sort:  "node",
		filters: []filter[fsm.Server]{
			{name: "cluster_mode", says: "Who is the master", known: words([]fsm.ClusterMode{fsm.Standalone, fsm.Managed}), index: "mode",
				has: func(s *fsm.Server, key string) bool { return string(s.Mode) == key }},
		},
		orders: []order[fsm.Server]{
			shownAs("node", func(v *fsm.View, s *fsm.Server) string { return nodeName(v, s.ID) }),
			shownAs("status", syncStatus),
			byChange(serverMeta),
		},
		texts: func(v *fsm.View, q string) func(*fsm.Server) bool {
			names := matching(&v.Nodes, q, func(n *fsm.Node) string { return n.ID }, func(n *fsm.Node) string { return n.Name })
			return func(s *fsm.Server) bool { return names[s.ID] }
		},
	}
}

// diffOf compares a server with what is wanted of it.
func diffOf(v *fsm.View, s *fsm.Server) SyncDiff {
	out := SyncDiff{Node: nodeName(v, s.ID), Mode: string(s.Mode), Revision: v.Revision(), Steps: []SyncStep{}, TakeOver: []string{}, Stale: !s.Reachable()}
	for _, step := range v.Differences(s) {
		one := SyncStep{Do: string(step.Do), Kind: string(step.Kind), Name: step.Name, Fields: some(step.Fields), Found: showFacts(step.Was)}
		if step.Do != fsm.RemoveStep {
			one.Wanted = showFacts(&step.Facts)
		}
		if step.Do == fsm.DisableStep {
			out.TakeOver = append(out.TakeOver, string(step.Kind)+"/"+step.Name)
		}
		out.Steps = append(out.Steps, one)
	}
	return out
}

func showFacts(f *fsm.Facts) *SyncFact {
	if f == nil {
		return nil
	}
	return &SyncFact{Enabled: f.Enabled, Groups: some(f.Groups), Comment: f.Comment, Rights: some(f.Rights)}
}

func (c *call) serverOf(ref string) (*fsm.Server, error) {
	n, err := find(&c.view.Nodes, "node", ref)
	if err != nil {
		return nil, err
	}
	s, ok := c.view.Servers.Get(n.ID)
	if !ok {
		return nil, fsm.Errorf(fsm.Conflict, "node %s is not a SEP sesam server", n.Name)
	}
	return s, nil
}

func syncDiff(c *call) (SyncDiff, error) {
	s, err := c.serverOf(c.param("node"))
	if err != nil {
		return SyncDiff{}, err
	}
	return diffOf(c.view, s), nil
}

// runSync brings servers in step at once: those that are left alone after a failure,
// and those whose drift is only reported.
func runSync(c *call, in *SyncInput) (SyncAnswer, error) {
	out := SyncAnswer{Diffs: []SyncDiff{}}
	var all []*fsm.Server
	for _, ref := range in.Nodes {
		s, err := c.serverOf(ref)
		if err != nil {
			return out, err
		}
		if s.Mode != fsm.Managed && !in.DryRun {
			return out, fsm.Errorf(fsm.Conflict, "server %s is its own master; make it managed first", nodeName(c.view, s.ID))
		}
		all = append(all, s)
	}
	if len(in.Nodes) == 0 {
		for s := range c.view.Servers.By("mode", string(fsm.Managed)) {
			all = append(all, s)
		}
	}
	for _, s := range all {
		out.Diffs = append(out.Diffs, diffOf(c.view, s))
	}
	if in.DryRun {
		return out, nil
	}
	var ids []string
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	if len(ids) == 0 {
		return out, nil
	}
	_, err := c.apply(&fsm.RetrySync{IDs: ids})
	return out, err
}

// document reads what a server showed.
func document(doc []byte) map[string]any {
	var out map[string]any
	if json.Unmarshal(doc, &out) != nil {
		return map[string]any{}
	}
	return out
}
