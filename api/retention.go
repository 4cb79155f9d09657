package api

import (
	"time"

	"bcm/fsm"
)

// RetentionInput is a retention to be tried.
type RetentionInput struct {
	Retention *Retention `json:"retention,omitempty" doc:"Otherwise the task's own"`
}

// RetentionPreview says what a retention does to the backups that a task has now.
type RetentionPreview struct {
	Retention Retention    `json:"retention"`
	Zone      string       `json:"zone" doc:"Time zone in which days begin and end: that of the task's schedule"`
	Items     []KeptBackup `json:"items" doc:"The backups from which can be restored, the newest first"`
	Kept      int          `json:"kept" doc:"How many stay"`
	Gone      int          `json:"gone" doc:"How many would be deleted"`
}

// KeptBackup says of a backup whether it stays, and why.
type KeptBackup struct {
	Backup    string    `json:"backup" doc:"Id"`
	StartedAt time.Time `json:"started_at"`
	Bytes     int64     `json:"bytes" doc:"That a restore of all of it would write"`
	Keep      bool      `json:"keep"`
	Reasons   []string  `json:"reasons" doc:"The rules that keep it, and what protects it; none for one that goes"`
}

// previewRetention changes nothing.
func previewRetention(c *call, in *RetentionInput) (RetentionPreview, error) {
	t, err := seen(c, &c.view.Tasks, "task")
	if err != nil {
		return RetentionPreview{}, err
	}
	r := t.Retention
	if in.Retention != nil {
		r = fsm.Retention(*in.Retention)
	}
	if err := r.Check(); err != nil {
		return RetentionPreview{}, err
	}
	name := c.view.Zone(t)
	zone, err := time.LoadLocation(name)
	if err != nil {
		return RetentionPreview{}, invalid("schedule", "its time zone %q is not known here", name)
	}
	out := RetentionPreview{Retention: Retention(r), Zone: name, Items: []KeptBackup{}}
	for _, k := range r.Keep(c.view.GoodBackups(t.ID), zone, fsm.At(c.Now())) {
		out.Items = append(out.Items, KeptBackup{Backup: k.Backup.ID, StartedAt: k.Backup.StartedAt.Time(),
			Bytes: k.Backup.Stats.Bytes, Keep: k.Keep, Reasons: some(k.Reasons)})
		if k.Keep {
			out.Kept++
		} else {
			out.Gone++
		}
	}
	return out, nil
}
