package fsm

import (
	"path"
	"slices"
	"strings"
)

// Task is what to back up.
type Task struct {
	Meta
	Name      string    `cbor:"name"`
	Client    string    `cbor:"client"` // id
	Source    Source    `cbor:"source"`
	Level     Level     `cbor:"level"`
	Retention Retention `cbor:"retention"`
	Schedule  string    `cbor:"schedule,omitempty"` // id
	Enabled   bool      `cbor:"enabled"`
	Nodes     []string  `cbor:"nodes,omitempty"` // ids of the backup managers it may run on; empty means any
	LastSlot  Time      `cbor:"last_slot"`       // of its schedule that has been turned into a backup
	Conduct   `cbor:"conduct,omitzero"`
}

// Source is the data of a task: paths, or a command whose standard output is
// kept under a name.
type Source struct {
	Paths   []string `cbor:"paths,omitempty" json:"paths,omitempty"`
	Exclude []string `cbor:"exclude,omitempty" json:"exclude,omitempty"`
	Command []string `cbor:"command,omitempty" json:"command,omitempty"`
	Name    string   `cbor:"name,omitempty" json:"name,omitempty"`
}

// Level is how much a backup takes, in the words of SEP sesam. The engine keeps
// only what is new whatever the level says.
type Level string

// The levels.
const (
	Full         Level = "full"
	Incremental  Level = "incremental"
	Differential Level = "differential"
	Copy         Level = "copy"
)

var tasks = define(schema[Task]{
	name:  "tasks",
	meta:  func(t *Task) *Meta { return &t.Meta },
	label: func(t *Task) *string { return &t.Name },
	indexes: []indexDef[Task]{
		byText("client", func(t *Task) *string { return &t.Client }, nil),
		byText("schedule", func(t *Task) *string { return &t.Schedule }, func(t *Task) bool { return t.Schedule != "" }),
	},
	texts: func(t *Task, emit func(string)) {
		for _, p := range t.Source.Paths {
			emit(p)
		}
		emit(t.Source.Name)
		for k, v := range t.Labels {
			emit(k)
			emit(v)
		}
	},
})

// check refuses a source that no backup can be made of, and writes its paths in
// the shortest way.
func (s *Source) check() error {
	switch {
	case len(s.Paths) == 0 && len(s.Command) == 0:
		return invalidField("source", "needs paths, or a command")
	case len(s.Paths) > 0 && len(s.Command) > 0:
		return invalidField("source", "takes paths or a command, not both")
	case len(s.Command) > 0 && (checkName(s.Name) != nil || s.Command[0] == ""):
		return invalidField("source.name", "a command needs a file name for its output")
	case len(s.Paths) > 1000 || len(s.Exclude) > 1000:
		return invalidField("source", "takes at most 1000 paths and 1000 excludes")
	}
	for i, p := range s.Paths {
		if !strings.HasPrefix(p, "/") || strings.ContainsRune(p, 0) {
			return invalidField("source.paths", "%q is not an absolute path", p)
		}
		p = path.Clean(p)
		s.Paths[i] = p
		for _, q := range s.Paths[:i] {
			if within(p, q) || within(q, p) {
				return invalidField("source.paths", "%q and %q overlap", q, p)
			}
		}
	}
	return nil
}

// within tells whether p lies in or is dir.
func within(p, dir string) bool {
	dir = strings.TrimRight(dir, "/")
	return p == dir || strings.HasPrefix(p, dir+"/")
}

// checkTask refuses a task that could not run, and resolves what it refers to.
func (tx *Tx) checkTask(t *Task) error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	if err := unused(&tx.Tasks, "task", t.ID, t.Name); err != nil {
		return err
	}
	client, ok := tx.Clients.Find(t.Client)
	if !ok {
		return invalidField("client", "no client %q", t.Client)
	}
	t.Client = client.ID
	if t.Schedule != "" {
		s, ok := tx.Schedules.Find(t.Schedule)
		if !ok {
			return invalidField("schedule", "no schedule %q", t.Schedule)
		}
		t.Schedule = s.ID
	}
	if t.Level == "" {
		t.Level = Incremental
	}
	if err := t.Level.check(); err != nil {
		return err
	}
	if err := t.Source.check(); err != nil {
		return err
	}
	if err := t.Conduct.check(); err != nil {
		return err
	}
	return t.Retention.Check()
}

func (l Level) check() error {
	if !slices.Contains([]Level{Full, Incremental, Differential, Copy}, l) {
		return invalidField("level", "%q is not one of full, incremental, differential, copy", l)
	}
	return nil
}

// backupManagers resolves the nodes on which a task may run.
func (tx *Tx) backupManagers(refs []string) ([]string, error) {
	ids := make([]string, 0, len(refs))
	for _, ref := range refs {
		n, ok := tx.Nodes.Find(ref)
		if !ok || !n.Has(RoleBackupManager) {
			return nil, invalidField("nodes", "no backup manager %q", ref)
		}
		ids = append(ids, n.ID)
	}
	return sorted(ids), nil
}

// CreateTask makes a task. What it refers to is given by id or name.
type CreateTask struct {
	ID        string    `cbor:"id"`
	Name      string    `cbor:"name"`
	Client    string    `cbor:"client"`
	Source    Source    `cbor:"source"`
	Level     Level     `cbor:"level,omitempty"`
	Retention Retention `cbor:"retention"`
	Schedule  string    `cbor:"schedule,omitempty"`
	Disabled  bool      `cbor:"disabled,omitempty"`
	Nodes     []string  `cbor:"nodes,omitempty"`
	Conduct   `cbor:"conduct,omitzero"`
}

func (c *CreateTask) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Tasks, "task", c.ID); err != nil {
		return "", err
	}
	t := &Task{Meta: Meta{ID: c.ID}, Name: c.Name, Client: c.Client, Source: c.Source, Level: c.Level,
		Retention: c.Retention, Schedule: c.Schedule, Enabled: !c.Disabled, LastSlot: tx.At, Conduct: c.Conduct}
	nodes, err := tx.backupManagers(c.Nodes)
	if err != nil {
		return "", err
	}
	t.Nodes = nodes
	if err := tx.checkTask(t); err != nil {
		return "", err
	}
	if err := tx.let(tx.GuardsOf(t)...); err != nil {
		return "", err
	}
	put(tx, &tx.Tasks, t)
	return t.ID, nil
}

// UpdateTask changes a task. A change of schedule, or enabling it, begins with
// the next slot.
type UpdateTask struct {
	ID            string         `cbor:"id"`
	IfIndex       uint64         `cbor:"if_index,omitempty"`
	Name          Opt[string]    `cbor:"name,omitempty"`
	Source        Opt[Source]    `cbor:"source,omitempty"`
	Level         Opt[Level]     `cbor:"level,omitempty"`
	Retention     Opt[Retention] `cbor:"retention,omitempty"`
	Schedule      Opt[string]    `cbor:"schedule,omitempty"`
	Enabled       Opt[bool]      `cbor:"enabled,omitempty"`
	Nodes         Opt[[]string]  `cbor:"nodes,omitempty"`
	ConductChange `cbor:"conduct,omitzero"`
}

func (c *UpdateTask) apply(tx *Tx) (string, error) {
	old, ok := tx.Tasks.Get(c.ID)
	if !ok {
		return "", notFound("task", c.ID)
	}
	if err := tx.let(tx.GuardsOf(old)...); err != nil {
		return "", err
	}
	if err := fresh(&old.Meta, c.IfIndex); err != nil {
		return "", err
	}
	t := *old
	set(&t.Name, c.Name)
	set(&t.Source, c.Source)
	set(&t.Level, c.Level)
	set(&t.Retention, c.Retention)
	set(&t.Schedule, c.Schedule)
	set(&t.Enabled, c.Enabled)
	c.ConductChange.Apply(&t.Conduct)
	if c.Nodes != nil { // else they stay, though one may be gone
		nodes, err := tx.backupManagers(*c.Nodes)
		if err != nil {
			return "", err
		}
		t.Nodes = nodes
	}
	if err := tx.checkTask(&t); err != nil {
		return "", err
	}
	if t.Schedule != old.Schedule || t.Enabled && !old.Enabled {
		t.LastSlot = tx.At
	}
	put(tx, &tx.Tasks, &t)
	return t.ID, nil
}

// RemoveTask removes a task that is not running. Its backups stay.
type RemoveTask struct {
	ID      string `cbor:"id"`
	IfIndex uint64 `cbor:"if_index,omitempty"`
}

func (c *RemoveTask) apply(tx *Tx) (string, error) {
	t, ok := tx.Tasks.Get(c.ID)
	if !ok {
		return "", notFound("task", c.ID)
	}
	if err := tx.let(tx.GuardsOf(t)...); err != nil {
		return "", err
	}
	if err := fresh(&t.Meta, c.IfIndex); err != nil {
		return "", err
	}
	if b := tx.openBackup(t.ID); b != nil {
		return "", Errorf(Conflict, "task %s is running as backup %s; wait or cancel it first", t.Name, b.ID)
	}
	drop(tx, &tx.Tasks, t.ID)
	tx.unlist(Object{Noun: tasks.name, ID: t.ID})
	return t.ID, nil
}
