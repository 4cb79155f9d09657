package api

import (
	"slices"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Backup is one run, and the result that it stored.
type Backup struct {
	Meta
	Run
	Task       string     `json:"task" doc:"Name; empty when it was made without a task"`
	Client     string     `json:"client" doc:"Name"`
	Repository string     `json:"repository" doc:"Name"`
	Storages   []string   `json:"storages" doc:"Names"`
	Level      string     `json:"level" doc:"As asked for; the engine is incremental for ever whatever it says: it reads what has changed, stores what is new, and every backup restores as a full one"`
	Slot       *string    `json:"slot" doc:"Time of the schedule that it was made for"`
	Until      *time.Time `json:"until" doc:"Until when it may be begun or tried again: the end of the schedule's window"`
	Priority   int8       `json:"priority"`
	Snapshot   string     `json:"snapshot" doc:"What the repository knows it by; empty while nothing is stored"`
	Pinned     bool       `json:"pinned" doc:"It never expires and cannot be deleted"`
	TestedAt   *time.Time `json:"restore_tested_at" doc:"When a sample of it was last restored and found to be the same"`
	Hold       *Hold      `json:"hold,omitempty" doc:"Until its end it does not expire and cannot be deleted"`
}

// Run is what backups, restores and verifications have in common.
type Run struct {
	Status     string     `json:"status" doc:"queued, assigned, running, succeeded, warning, failed, cancelled, interrupted or deleted"`
	Attempt    int32      `json:"attempt"`
	Cancelling bool       `json:"cancelling" doc:"It was asked to stop"`
	Node       string     `json:"node" doc:"Name of the node that works on it, or did last"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	Error      *string    `json:"error"`
	RetryAt    *time.Time `json:"retry_at" doc:"When it is tried again after a failure"`
	Stats      Stats      `json:"stats"`
	Progress   *Progress  `json:"progress,omitempty" doc:"While it runs"`
}

// Stats are the figures of a finished run.
type Stats struct {
	Files    int64 `json:"files"`
	Bytes    int64 `json:"bytes"`
	NewFiles int64 `json:"new_files" doc:"Not known from the backup before"`
	NewBytes int64 `json:"new_bytes" doc:"Written to storage"`
	Warnings int64 `json:"warnings"`
	Skipped  int64 `json:"skipped,omitempty" doc:"Of a restore: files and links that were there already and stay as they are"`
	Deleted  int64 `json:"deleted,omitempty" doc:"Of a prune: blobs"`
	Young    int64 `json:"young,omitempty" doc:"Of a prune: blobs that the storage keeps until they are older"`
}

// Progress is how far a run is.
type Progress struct {
	Phase      string `json:"phase"`
	Files      int64  `json:"files"`
	Bytes      int64  `json:"bytes"`
	TotalFiles int64  `json:"total_files" doc:"0 while unknown"`
	TotalBytes int64  `json:"total_bytes" doc:"0 while unknown"`
	Uploaded   int64  `json:"uploaded" doc:"Bytes written to storage"`
	Errors     int64  `json:"errors"`
	Rate       int64  `json:"rate" doc:"Bytes a second"`
	ETA        string `json:"eta" doc:"As a duration; empty while unknown" example:"12s"`
	Item       string `json:"item" doc:"What is worked on"`
}

// BackupInput is a backup to be made: of a task, or of a client and a source.
type BackupInput struct {
	Task   string  `json:"task,omitempty" doc:"Id or name"`
	Client string  `json:"client,omitempty" doc:"Id or name; with a source, instead of a task"`
	Source *Source `json:"source,omitempty"`
	Level  string  `json:"level,omitempty" doc:"full, incremental, differential or copy; otherwise the task's"`
}

func backupMeta(b *fsm.Backup) *fsm.Meta { return &b.Meta }
func backupID(b *fsm.Backup) string      { return b.ID }

func showProgress(p fsm.Progress) *Progress {
	out := &Progress{Phase: p.Phase, Files: p.Files, Bytes: p.Bytes, TotalFiles: p.TotalFiles, TotalBytes: p.TotalBytes,
		Uploaded: p.Uploaded, Errors: p.Errors, Rate: p.Rate, Item: p.Item}
	if p.ETA > 0 {
		out.ETA = (time.Duration(p.ETA) * time.Second).String()
	}
	return out
}

func showRun(a *API, v *fsm.View, id string, r *fsm.Run, stats fsm.Stats) Run {
	out := Run{Status: string(r.Status), Attempt: r.Attempt, Cancelling: r.Cancel && r.Status.Live(),
		StartedAt: moment(r.StartedAt), FinishedAt: moment(r.FinishedAt), RetryAt: moment(r.RetryAt), Error: text(r.Error), Stats: Stats(stats)}
	if r.Node != "" {
		out.Node = nodeName(v, r.Node)
	}
	if r.Status.Live() {
		if p, ok := a.Cluster.Progress(id); ok && p.Attempt == r.Attempt {
			out.Progress = showProgress(p)
		}
	}
	return out
}

func showBackup(a *API, v *fsm.View, b *fsm.Backup) Backup {
	out := Backup{Meta: metaOf(&b.Meta), Run: showRun(a, v, b.ID, &b.Run, b.Stats), Client: clientName(v, b.Client),
		Repository: repositoryName(v, b.Repository), Storages: nodeNames(v, b.Storages), Level: string(b.Level), Snapshot: b.Snapshot,
		Until: moment(b.Until), Priority: b.Priority, Pinned: b.Pinned, Hold: showHold(b.Hold), TestedAt: testedAt(v, b)}
	if b.Task != "" {
		out.Task = taskName(v, b.Task)
	}
	if b.Slot != 0 {
		out.Slot = text(b.Slot.String())
	}
	return out
}

func runStatuses() []string {
	return words([]fsm.Status{fsm.Queued, fsm.Assigned, fsm.Running, fsm.Succeeded, fsm.Warning, fsm.Failed,
		fsm.Cancelled, fsm.Interrupted, fsm.Deleted})
}

func backupListing() listing[fsm.Backup, Backup] {
	return listing[fsm.Backup, Backup]{
		table: func(v *fsm.View) *fsm.Table[fsm.Backup] { return &v.Backups },
		meta:  backupMeta,
		show:  showBackup,
		sort:  "-created_at",
		filters: []filter[fsm.Backup]{
			{name: "status", says: "Where it stands", known: runStatuses(), index: "status",
				has: func(b *fsm.Backup, key string) bool { return string(b.Status) == key }},
			ofClient("client", func(b *fsm.Backup, key string) bool { return b.Client == key }),
			ofTask("task", func(b *fsm.Backup, key string) bool { return b.Task == key }),
			ofNode("node", func(b *fsm.Backup, key string) bool { return b.Node == key }),
			yesNo("pinned", "Only what is pinned, or is not", func(b *fsm.Backup) bool { return b.Pinned }),
			since("from", "Only what was made at or after the time", func(b *fsm.Backup) fsm.Time { return b.CreatedAt }),
			before("to", "Only what was made before the time", func(b *fsm.Backup) fsm.Time { return b.CreatedAt }),
		},
		orders: []order[fsm.Backup]{
			byCreation(fsm.CreatedIndex, backupMeta),
			byChange(backupMeta),
			byTime("started_at", "", func(b *fsm.Backup) fsm.Time { return b.StartedAt }),
			byTime("finished_at", "", func(b *fsm.Backup) fsm.Time { return b.FinishedAt }),
			byNumber("status", func(b *fsm.Backup) int64 { return severity(runSeverities(), b.Status) }),
			shownAs("task", func(v *fsm.View, b *fsm.Backup) string { return taskName(v, b.Task) }),
			shownAs("client", func(v *fsm.View, b *fsm.Backup) string { return clientName(v, b.Client) }),
			shownAs("node", func(v *fsm.View, b *fsm.Backup) string { return nodeName(v, b.Node) }),
			byNumber("bytes", func(b *fsm.Backup) int64 { return b.Stats.Bytes }),
			byNumber("files", func(b *fsm.Backup) int64 { return b.Stats.Files }),
		},
		texts: func(v *fsm.View, q string) func(b *fsm.Backup) bool {
			clients, tasks, nodes := clientsLike(v, q), tasksLike(v, q), nodesLike(v, q)
			return func(b *fsm.Backup) bool { return clients[b.Client] || tasks[b.Task] || nodes[b.Node] }
		},
		found: func(v *fsm.View, q string) map[string]map[string]bool {
			return map[string]map[string]bool{"client": clientsLike(v, q), "task": tasksLike(v, q), "node": nodesLike(v, q)}
		},
	}
}

func (c *call) showBackup(id string) (Backup, error) {
	b, err := made(&c.view.Backups, "backup", id)
	if err != nil {
		return Backup{}, err
	}
	return showBackup(c.API, c.view, b), nil
}

func getBackup(c *call) (Backup, error) {
	b, err := seen(c, &c.view.Backups, "backup")
	if err != nil {
		return Backup{}, err
	}
	return showBackup(c.API, c.view, b), nil
}

func createBackup(c *call, in *BackupInput) (Backup, error) {
	result, err := c.apply(&fsm.CreateBackup{ID: pki.NewID(), Task: in.Task, Client: in.Client,
		Source: (*fsm.Source)(in.Source), Level: fsm.Level(in.Level)})
	if err != nil {
		return Backup{}, err
	}
	return c.showBackup(result.ID)
}

// rerunBackup makes a backup of what one was of that has not succeeded.
func rerunBackup(c *call) (Backup, error) {
	b, err := seen(c, &c.view.Backups, "backup")
	if err != nil {
		return Backup{}, err
	}
	if !slices.Contains([]fsm.Status{fsm.Failed, fsm.Cancelled, fsm.Warning}, b.Status) {
		return Backup{}, fsm.Errorf(fsm.Conflict, "backup %s is %s; only one that failed, was cancelled or ended with warnings is run again", b.ID, b.Status)
	}
	cmd := &fsm.CreateBackup{ID: pki.NewID(), Task: b.Task, Level: b.Level}
	if b.Task == "" {
		cmd.Client, cmd.Source = b.Client, b.Source
	}
	result, err := c.apply(cmd)
	if err != nil {
		return Backup{}, err
	}
	return c.showBackup(result.ID)
}

func cancelBackup(c *call) (Backup, error) {
	id, index, err := target(c, &c.view.Backups, "backup", backupID)
	if err != nil {
		return Backup{}, err
	}
	result, err := c.apply(&fsm.CancelBackup{ID: id, IfIndex: index})
	if err != nil {
		return Backup{}, err
	}
	return c.showBackup(result.ID)
}

// deleteBackup gives up what is stored. The row stays, as deleted.
func deleteBackup(c *call) error {
	id, index, err := target(c, &c.view.Backups, "backup", backupID)
	if err != nil {
		return err
	}
	_, err = c.apply(&fsm.DeleteBackup{ID: id, IfIndex: index, Job: pki.NewID()})
	return err
}
