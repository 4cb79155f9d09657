package api

import (
	"bcm/cluster/pki"
	"bcm/fsm"
)

// Task is what to back up.
type Task struct {
	Meta
	Name      string    `json:"name"`
	Client    string    `json:"client" doc:"Name"`
	Source    Source    `json:"source"`
	Level     string    `json:"level" doc:"full, incremental, differential or copy. It is kept and shown; the engine is incremental for ever whatever it says: it reads what has changed, stores what is new, and every backup restores as a full one"`
	Retention Retention `json:"retention"`
	Schedule  *string   `json:"schedule" doc:"Name; null when it is started by hand alone"`
	Enabled   bool      `json:"enabled"`
	Nodes     []string  `json:"nodes" doc:"Names of the backup managers that it may run on; none means any"`
	Conduct
	Origin
}

// Source is the data of a task: paths, or a command whose output is kept.
type Source struct {
	Paths   []string `json:"paths,omitempty" doc:"Absolute"`
	Exclude []string `json:"exclude,omitempty" doc:"Patterns as in .gitignore"`
	Command []string `json:"command,omitempty" doc:"Program and arguments"`
	Name    string   `json:"name,omitempty" doc:"File name of the command's output"`
}

// Retention says how many backups of a task are kept; all zero keeps all.
type Retention struct {
	Last    int `json:"last,omitempty"`
	Hourly  int `json:"hourly,omitempty"`
	Daily   int `json:"daily,omitempty"`
	Weekly  int `json:"weekly,omitempty"`
	Monthly int `json:"monthly,omitempty"`
	Yearly  int `json:"yearly,omitempty"`
}

// TaskInput is a task to be made. What it refers to is given by id or name.
type TaskInput struct {
	Name      string    `json:"name"`
	Client    string    `json:"client"`
	Source    Source    `json:"source"`
	Level     string    `json:"level,omitempty" doc:"full, incremental (unless said otherwise), differential or copy"`
	Retention Retention `json:"retention,omitzero"`
	Schedule  string    `json:"schedule,omitempty"`
	Enabled   *bool     `json:"enabled,omitempty" doc:"True unless said otherwise"`
	Nodes     []string  `json:"nodes,omitempty"`
	ConductInput
}

// TaskChange is what should become different in a task.
type TaskChange struct {
	Name      *string    `json:"name,omitempty"`
	Source    *Source    `json:"source,omitempty"`
	Level     *string    `json:"level,omitempty"`
	Retention *Retention `json:"retention,omitempty"`
	Schedule  *string    `json:"schedule,omitempty" doc:"Empty takes it off its schedule"`
	Enabled   *bool      `json:"enabled,omitempty"`
	Nodes     *[]string  `json:"nodes,omitempty"`
	ConductInput
}

func taskMeta(t *fsm.Task) *fsm.Meta { return &t.Meta }
func taskID(t *fsm.Task) string      { return t.ID }

func showTask(_ *API, v *fsm.View, t *fsm.Task) Task {
	task := Task{Meta: metaOf(&t.Meta), Name: t.Name, Client: clientName(v, t.Client), Source: Source(t.Source),
		Level: string(t.Level), Retention: Retention(t.Retention), Enabled: t.Enabled, Nodes: nodeNames(v, t.Nodes),
		Conduct: showConduct(&t.Conduct), Origin: originOf(v, t.ID)}
	if t.Schedule != "" {
		task.Schedule = text(scheduleName(v, t.Schedule))
	}
	return task
}

func taskListing() listing[fsm.Task, Task] {
	return listing[fsm.Task, Task]{
		table:   func(v *fsm.View) *fsm.Table[fsm.Task] { return &v.Tasks },
		meta:    taskMeta,
		show:    showTask,
		sort:    "name",
		foreign: foreign(fsm.ServerTask, foreignTask),
		filters: []filter[fsm.Task]{
			byOrigin(taskMeta),
			yesNo("enabled", "Only enabled or only disabled tasks", func(t *fsm.Task) bool { return t.Enabled }),
			ofClient("client", func(t *fsm.Task, key string) bool { return t.Client == key }),
			{name: "schedule", says: "Only of the schedule, by id or name", index: "schedule",
				key: func(v *fsm.View, value string) (string, error) {
					s, ok := v.Schedules.Find(value)
					if !ok {
						return "", invalid("schedule", "no schedule %q", value)
					}
					return s.ID, nil
				},
				has: func(t *fsm.Task, key string) bool { return t.Schedule == key }},
		},
		orders: []order[fsm.Task]{
			byName("name", func(t *fsm.Task) string { return t.Name }),
			shownAs("client", func(v *fsm.View, t *fsm.Task) string { return clientName(v, t.Client) }),
			shownAs("schedule", func(v *fsm.View, t *fsm.Task) string { return scheduleName(v, t.Schedule) }),
			byName("level", func(t *fsm.Task) string { return string(t.Level) }),
			byNumber("priority", func(t *fsm.Task) int64 { return int64(t.Priority) }),
			byNumber("enabled", func(t *fsm.Task) int64 { return bit(t.Enabled) }),
			byCreation("", taskMeta),
			byChange(taskMeta),
		},
		texts: func(v *fsm.View, q string) func(t *fsm.Task) bool {
			clients := clientsLike(v, q)
			return func(t *fsm.Task) bool { return clients[t.Client] }
		},
	}
}

func (c *call) showTask(id string) (Task, error) {
	t, err := made(&c.view.Tasks, "task", id)
	if err != nil {
		return Task{}, err
	}
	return showTask(c.API, c.view, t), nil
}

func getTask(c *call) (Task, error) {
	t, err := seen(c, &c.view.Tasks, "task")
	if err != nil {
		return Task{}, err
	}
	return showTask(c.API, c.view, t), nil
}

func createTask(c *call, in *TaskInput) (Task, error) {
	conduct, err := in.conduct()
	if err != nil {
		return Task{}, err
	}
	result, err := c.apply(&fsm.CreateTask{ID: pki.NewID(), Name: in.Name, Client: in.Client, Source: fsm.Source(in.Source),
		Level: fsm.Level(in.Level), Retention: fsm.Retention(in.Retention), Schedule: in.Schedule,
		Disabled: in.Enabled != nil && !*in.Enabled, Nodes: in.Nodes, Conduct: conduct})
	if err != nil {
		return Task{}, err
	}
	return c.showTask(result.ID)
}

func updateTask(c *call, in *TaskChange) (Task, error) {
	change, err := in.change()
	if err != nil {
		return Task{}, err
	}
	id, index, err := target(c, &c.view.Tasks, "task", taskID)
	if err != nil {
		return Task{}, err
	}
	result, err := c.apply(&fsm.UpdateTask{ID: id, IfIndex: index, Name: in.Name, Source: (*fsm.Source)(in.Source),
		Level: cast[fsm.Level](in.Level), Retention: (*fsm.Retention)(in.Retention), Schedule: in.Schedule,
		Enabled: in.Enabled, Nodes: in.Nodes, ConductChange: change})
	if err != nil {
		return Task{}, err
	}
	return c.showTask(result.ID)
}

func removeTask(c *call) error {
	id, index, err := target(c, &c.view.Tasks, "task", taskID)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.RemoveTask{ID: id, IfIndex: index})
	return err
}
