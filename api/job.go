package api

import (
	"bcm/cluster/pki"
	"bcm/fsm"
)

// Job is long work on what is stored: on a backup, or on a whole repository.
type Job struct {
	Meta
	Run
	Kind       string       `json:"kind" doc:"restore, verify, drill, forget, prune, copy or scrub"`
	Backup     string       `json:"backup" doc:"Id; empty when it is about the whole repository"`
	Repository string       `json:"repository" doc:"Name"`
	Client     string       `json:"client" doc:"Name of the client whose data it is"`
	By         string       `json:"by" doc:"Who asked"`
	Path       string       `json:"path,omitempty" doc:"Of a restore: within the backup"`
	Target     string       `json:"target,omitempty" doc:"Of a restore: where to"`
	Overwrite  string       `json:"overwrite,omitempty" doc:"Of a restore: never, always or if-newer"`
	Files      int          `json:"files,omitempty" doc:"Of a drill: how many files it restores"`
	Report     *DrillReport `json:"report,omitempty" doc:"Of a drill that has ended"`
	Percent    int          `json:"percent,omitempty" doc:"Of a verification: how much of the data is read"`
	Storage    string       `json:"storage,omitempty" doc:"Name of the storage whose copy it reads"`
	Wanted     string       `json:"wanted_node,omitempty" doc:"Name of the node that it must run on"`
}

// RestoreInput is a restore to be begun.
type RestoreInput struct {
	Path      string `json:"path,omitempty" doc:"Within the backup; / for all of it, which is also what none means"`
	Node      string `json:"node" doc:"Id or name of the backup manager to restore on"`
	Target    string `json:"target" doc:"An absolute path there"`
	Overwrite string `json:"overwrite,omitempty" doc:"What becomes of files that are there: never (unless said otherwise), always or if-newer"`
}

// VerificationInput is a verification to be begun.
type VerificationInput struct {
	Node    string `json:"node,omitempty" doc:"Id or name of the backup manager to verify on; otherwise any"`
	Percent *int   `json:"percent,omitempty" doc:"How much of the data to read; otherwise 100"`
}

func jobMeta(j *fsm.Job) *fsm.Meta { return &j.Meta }

func showJob(a *API, v *fsm.View, j *fsm.Job) Job {
	out := Job{Meta: metaOf(&j.Meta), Run: showRun(a, v, j.ID, &j.Run, j.Stats), Kind: string(j.Kind), Backup: j.Backup,
		Repository: repositoryName(v, j.Repository), By: j.By, Path: j.Restore.Path, Target: j.Restore.Target, Overwrite: string(j.Restore.Overwrite), Percent: j.Percent,
		Files: j.Files, Report: showReport(v, j.Report)}
	if b, ok := v.Backups.Get(j.Backup); ok {
		out.Client = clientName(v, b.Client)
	}
	if j.Storage != "" {
		out.Storage = nodeName(v, j.Storage)
	}
	if j.Wish != "" {
		out.Wanted = nodeName(v, j.Wish)
	}
	return out
}

func jobsOf(kind fsm.JobKind) listing[fsm.Job, Job] {
	return listing[fsm.Job, Job]{
		table: func(v *fsm.View) *fsm.Table[fsm.Job] { return &v.Jobs },
		meta:  jobMeta,
		show:  showJob,
		sort:  "-created_at",
		filters: []filter[fsm.Job]{
			{name: "status", says: "Where it stands", known: runStatuses(), index: "status",
				has: func(j *fsm.Job, key string) bool { return string(j.Status) == key }},
			{name: "backup", says: "Only of the backup, by id", index: "backup",
				key: func(v *fsm.View, value string) (string, error) {
					if _, ok := v.Backups.Get(value); !ok {
						return "", invalid("backup", "no backup %q", value)
					}
					return value, nil
				},
				has: func(j *fsm.Job, key string) bool { return j.Backup == key }},
			ofNode("", func(j *fsm.Job, key string) bool { return j.Node == key || j.Wish == key }),
			since("from", "Only what was begun at or after the time", func(j *fsm.Job) fsm.Time { return j.CreatedAt }),
			before("to", "Only what was begun before the time", func(j *fsm.Job) fsm.Time { return j.CreatedAt }),
		},
		orders: []order[fsm.Job]{
			byCreation(fsm.CreatedIndex, jobMeta),
			byChange(jobMeta),
			byTime("finished_at", "", func(j *fsm.Job) fsm.Time { return j.FinishedAt }),
			byNumber("status", func(j *fsm.Job) int64 { return severity(runSeverities(), j.Status) }),
			shownAs("node", func(v *fsm.View, j *fsm.Job) string { return nodeName(v, j.Node) }),
		},
		texts: func(v *fsm.View, q string) func(j *fsm.Job) bool {
			nodes := nodesLike(v, q)
			return func(j *fsm.Job) bool { return nodes[j.Node] || nodes[j.Wish] }
		},
		within: func(*call) ([]pick[fsm.Job], error) {
			return only(filter[fsm.Job]{index: "kind", has: func(j *fsm.Job, key string) bool { return string(j.Kind) == key }},
				string(kind)), nil
		},
	}
}

// jobOf finds the job that the path names.
func jobOf(c *call, kind fsm.JobKind) (*fsm.Job, error) {
	id := c.param("job")
	j, ok := c.view.Jobs.Get(id)
	if !ok || j.Kind != kind {
		return nil, fsm.Errorf(fsm.NotFound, "no %s %q", kind, id)
	}
	return j, nil
}

func getJob(kind fsm.JobKind) func(*call) (Job, error) {
	return func(c *call) (Job, error) {
		j, err := jobOf(c, kind)
		if err != nil {
			return Job{}, err
		}
		return showJob(c.API, c.view, j), nil
	}
}

func cancelJob(kind fsm.JobKind) func(*call) (Job, error) {
	return func(c *call) (Job, error) {
		j, err := jobOf(c, kind)
		if err != nil {
			return Job{}, err
		}
		index, err := c.ifMatch()
		if err != nil {
			return Job{}, err
		}
		return c.jobMade(&fsm.CancelJob{ID: j.ID, IfIndex: index})
	}
}

func (c *call) jobMade(cmd fsm.Command) (Job, error) {
	result, err := c.apply(cmd)
	if err != nil {
		return Job{}, err
	}
	j, err := made(&c.view.Jobs, "job", result.ID)
	if err != nil {
		return Job{}, err
	}
	return showJob(c.API, c.view, j), nil
}

func restoreBackup(c *call, in *RestoreInput) (Job, error) {
	b, err := find(&c.view.Backups, "backup", c.param("backup"))
	if err != nil {
		return Job{}, err
	}
	return c.jobMade(&fsm.CreateJob{ID: pki.NewID(), Kind: fsm.RestoreJob, Backup: b.ID, Node: in.Node,
		Restore: fsm.Restore{Path: in.Path, Target: in.Target, Overwrite: fsm.Overwrite(in.Overwrite)}})
}

func verifyBackup(c *call, in *VerificationInput) (Job, error) {
	b, err := find(&c.view.Backups, "backup", c.param("backup"))
	if err != nil {
		return Job{}, err
	}
	percent := 100
	if in.Percent != nil {
		percent = *in.Percent
	}
	return c.jobMade(&fsm.CreateJob{ID: pki.NewID(), Kind: fsm.VerifyJob, Backup: b.ID, Node: in.Node, Percent: percent})
}
