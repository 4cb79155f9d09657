package fsm

import "fmt"

// Launch is what a SEP sesam server is to run.
type Launch struct {
	Task  string `cbor:"task"` // its name on the server
	Level Level  `cbor:"level"`
}

// CreateLaunch has a server run one of its tasks.
type CreateLaunch struct {
	ID     string `cbor:"id"`
	Server string `cbor:"server"` // id or name of its node
	Task   string `cbor:"task"`   // name on the server
	Level  Level  `cbor:"level,omitempty"`
}

func (c *CreateLaunch) apply(tx *Tx) (string, error) {
	if err := newRow(&tx.Jobs, "job", c.ID); err != nil {
		return "", err
	}
	n, ok := tx.Nodes.Find(c.Server)
	if !ok {
		return "", notFound("node", c.Server)
	}
	node, s, err := tx.server(n.ID)
	if err != nil {
		return "", err
	}
	m, ok := tx.Mirror(s.ID, ServerTask, c.Task)
	if !ok {
		return "", invalidField("task", "server %s has no task %q", node.Name, c.Task)
	}
	if client, ok := tx.Clients.Find(m.Parent); ok { // one of the same name: who may not touch it here may not there
		if err := tx.let(tx.GuardsOf(client)...); err != nil {
			return "", err
		}
	}
	level := c.Level
	if level == "" {
		level = Full
	}
	if err := level.check(); err != nil {
		return "", err
	}
	if !s.Reachable() {
		return "", Errorf(Conflict, "server %s cannot be reached (%s)", node.Name, reasonOf(s))
	}
	for j := range tx.Jobs.By("launched", s.ID) {
		if j.Launch.Task == c.Task {
			return "", Errorf(Conflict, "task %s runs on %s already, as job %s", c.Task, node.Name, j.ID)
		}
	}
	put(tx, &tx.Jobs, &Job{Meta: Meta{ID: c.ID}, Run: Run{Status: Queued}, Kind: LaunchJob, By: tx.By, Server: s.ID, Launch: &Launch{c.Task, level}})
	tx.object = Object{Noun: nodes.name, ID: node.ID, Name: node.Name}
	tx.detail = fmt.Sprintf("task %s, %s", c.Task, level)
	return c.ID, nil
}

// attempts is how often a job is tried when its nodes get lost. A launch is not tried
// again: the server may be running the task, and has no way to be told so that it
// does not run it twice.
func (j *Job) attempts() int32 {
	if j.Kind == LaunchJob {
		return 1
	}
	return MaxAttempts
}
