package api

import (
	"path"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// RestoreInput is a restore to be begun.
type RestoreInput struct {
	Path      string   `json:"path,omitempty" doc:"Within the backup: the content of a folder, or a file. / for all of it, which is also what none means"`
	Paths     []string `json:"paths,omitempty" doc:"Several paths, instead of one: each keeps its way below the deepest folder that has all of them"`
	Node      string   `json:"node,omitempty" doc:"Id or name of the backup manager to restore on; to the origin, otherwise the one that made the backup"`
	Target    string   `json:"target,omitempty" doc:"An absolute path there"`
	Origin    bool     `json:"origin,omitempty" doc:"Restore to where the source was, instead of to a target"`
	Overwrite string   `json:"overwrite,omitempty" doc:"What becomes of files that are there and different: never (unless said otherwise), always, if-newer, or beside: they stay and the restored one is put next to it as NAME.restored-TIME"`
	DryRun    bool     `json:"dry_run,omitempty" doc:"Only tell what would change"`
}

// Change is what a restore did to the files and links of one kind, or would do.
type Change struct {
	Kind  string   `json:"kind" doc:"new, replaced, beside, skipped or same"`
	Count int64    `json:"count"`
	Paths []string `json:"paths" doc:"The first ones, below the target"`
}

func (out *Job) showRestore(j *fsm.Job) {
	r := &j.Restore
	out.Path, out.Target, out.Origin, out.Overwrite, out.DryRun, out.Note = r.Path, r.Target, r.Origin, string(r.Overwrite), r.DryRun, fsm.NotKept
	for _, p := range r.Only {
		out.Paths = append(out.Paths, path.Join(r.Path, p))
	}
	for _, c := range j.Changes {
		out.Changes = append(out.Changes, Change{string(c.Kind), c.Count, some(c.Paths)})
	}
}

func restoreBackup(c *call, in *RestoreInput) (Job, error) {
	b, err := find(&c.view.Backups, "backup", c.param("backup"))
	if err != nil {
		return Job{}, err
	}
	r := fsm.Restore{Path: in.Path, Target: in.Target, Origin: in.Origin, Overwrite: fsm.Overwrite(in.Overwrite), DryRun: in.DryRun}
	if len(in.Paths) > 0 {
		if in.Path != "" {
			return Job{}, invalid("path", "is instead of paths")
		}
		if r.Path, r.Only, err = chosen(in.Paths); err != nil {
			return Job{}, err
		}
	}
	return c.jobMade(&fsm.CreateJob{ID: pki.NewID(), Kind: fsm.RestoreJob, Backup: b.ID, Node: in.Node, Restore: r})
}

// chosen reads several paths within a backup.
func chosen(paths []string) (folder string, only []string, err error) {
	for _, p := range paths {
		if p == "" {
			return "", nil, invalid("paths", "must not be empty; / is all")
		}
		if err := checkInside("paths", p); err != nil {
			return "", nil, err
		}
	}
	folder, only = fsm.Choose(paths)
	return folder, only, nil
}
