package api

import (
	"slices"
	"strings"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Job is long work on what is stored: on a backup, or on a whole repository.
type Job struct {
	Meta
	Run
	Kind       string       `json:"kind" doc:"restore, verify, drill, forget, prune, copy, scrub, sync, certify or launch"`
	Task       string       `json:"task,omitempty" doc:"Of a launch: its name on the SEP sesam server"`
	Backup     string       `json:"backup" doc:"Id; empty when it is about the whole repository"`
	Repository string       `json:"repository" doc:"Name"`
	Client     string       `json:"client" doc:"Name of the client whose data it is"`
	By         string       `json:"by" doc:"Who asked"`
	Path       string       `json:"path,omitempty" doc:"Of a restore: within the backup; of several paths, the folder that has them"`
	Paths      []string     `json:"paths,omitempty" doc:"Of a restore of several: what is restored"`
	Target     string       `json:"target,omitempty" doc:"Of a restore: where to"`
	Origin     bool         `json:"origin,omitempty" doc:"Of a restore: to where the source was, instead of to a target"`
	Overwrite  string       `json:"overwrite,omitempty" doc:"Of a restore: never, always, if-newer or beside"`
	DryRun     bool         `json:"dry_run,omitempty" doc:"Of a restore: it only tells what would change"`
	Changes    []Change     `json:"changes,omitempty" doc:"Of a restore that has ended: what it did to files and links, or would do"`
	Note       string       `json:"note,omitempty" doc:"Of a restore: what does not come back"`
	Files      int          `json:"files,omitempty" doc:"Of a drill: how many files it restores"`
	Report     *DrillReport `json:"report,omitempty" doc:"Of a drill that has ended"`
	Percent    int          `json:"percent,omitempty" doc:"Of a verification: how much of the data is read"`
	Server     string       `json:"server,omitempty" doc:"Of a sync or a certify: name"`
	Storage    string       `json:"storage,omitempty" doc:"Name of the storage whose copy it reads"`
	Wanted     string       `json:"wanted_node,omitempty" doc:"Name of the node that it must run on"`
	Snapshot   string       `json:"snapshot,omitempty" doc:"Of a restore from a repository instead of a backup"`
	AsOf       *time.Time   `json:"as_of,omitempty" doc:"Of a restore: the repository is read as it was then"`
	Trim       string       `json:"trim,omitempty" doc:"Of a copy, what becomes of blobs that its source has pruned: bounded when they go unless they are suspiciously many, all when a person said that they may go; otherwise they stay"`
	Repair     bool         `json:"repair,omitempty" doc:"Of a copy: it brings back what its storage has lost"`
	GiveUp     bool         `json:"give_up,omitempty" doc:"Of a scrub: it makes its storage miss no more what is lost"`
	Damaged    []string     `json:"damaged_backups,omitempty" doc:"Of a verification: ids of the backups that cannot be restored whole"`
}

// VerificationInput is a verification to be begun.
type VerificationInput struct {
	Node    string `json:"node,omitempty" doc:"Id or name of the backup manager to verify on; otherwise any"`
	Percent *int   `json:"percent,omitempty" doc:"How much of the data to read; otherwise 100"`
}

func jobMeta(j *fsm.Job) *fsm.Meta { return &j.Meta }

func showJob(a *API, v *fsm.View, j *fsm.Job) Job {
	out := Job{Meta: metaOf(&j.Meta), Run: showRun(a, v, j.ID, &j.Run, j.Stats), Kind: string(j.Kind), Backup: j.Backup,
		Repository: repositoryName(v, j.Repository), By: j.By, Percent: j.Percent, Files: j.Files, Report: showReport(v, j.Report),
		Snapshot: j.Snapshot, AsOf: moment(j.AsOf), Trim: string(j.Trim), Repair: j.Repair, GiveUp: j.GiveUp}
	if j.Kind == fsm.RestoreJob {
		out.showRestore(j)
	}
	if b, ok := v.Backups.Get(j.Backup); ok {
		out.Client = clientName(v, b.Client)
	}
	if j.Server != "" {
		out.Server = nodeName(v, j.Server)
	}
	if j.Launch != nil {
		out.Task = j.Launch.Task
	}
	if j.Storage != "" {
		out.Storage = nodeName(v, j.Storage)
	}
	if j.Wish != "" {
		out.Wanted = nodeName(v, j.Wish)
	}
	for _, b := range damagedBy(v, j) {
		out.Damaged = append(out.Damaged, b.ID)
	}
	return out
}

// damagedBy gives the backups in which a verification has found damage, as far as they
// are still kept.
func damagedBy(v *fsm.View, j *fsm.Job) (all []*fsm.Backup) {
	if len(j.Hit) == 0 {
		return nil
	}
	hit := make(map[string]bool, len(j.Hit))
	for _, snapshot := range j.Hit {
		hit[snapshot] = true
	}
	for c := range v.Clients.By("repository", j.Repository) {
		for b := range v.Backups.By("client", c.ID) {
			if b.Snapshot != "" && b.Status != fsm.Deleted && hit[b.Snapshot] {
				all = append(all, b)
			}
		}
	}
	slices.SortFunc(all, func(a, b *fsm.Backup) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// veilJob leaves out the damaged backups that access lists hide.
func veilJob(c *call, j *fsm.Job, shown *Job) {
	shown.Damaged = nil
	for _, b := range damagedBy(c.view, j) {
		if c.sees(b) {
			shown.Damaged = append(shown.Damaged, b.ID)
		}
	}
}

func (c *call) showJob(j *fsm.Job) Job {
	l := jobsOf("")
	return l.shown(c, j)
}

// jobKinds lists the kinds that people see.
func jobKinds() []string {
	return words([]fsm.JobKind{fsm.RestoreJob, fsm.VerifyJob, fsm.ForgetJob, fsm.PruneJob, fsm.CopyJob, fsm.ScrubJob, fsm.SyncJob, fsm.CertifyJob, fsm.LaunchJob})
}

func jobHasKind(j *fsm.Job, key string) bool { return string(j.Kind) == key }

// allJobs lists jobs of all kinds.
func allJobs() listing[fsm.Job, Job] {
	l := jobsOf("")
	l.within = nil
	l.filters = append(l.filters,
		filter[fsm.Job]{name: "kind", says: "What it does", known: jobKinds(), index: "kind", has: jobHasKind},
		filter[fsm.Job]{name: "repository", says: "Only of the repository, by id or name", index: "repository",
			key: func(v *fsm.View, value string) (string, error) {
				r, ok := v.Repositories.Find(value)
				if !ok {
					return "", invalid("repository", "no repository %q", value)
				}
				return r.ID, nil
			},
			has: func(j *fsm.Job, key string) bool { return j.Repository == key }})
	l.orders = append(l.orders, shownAs("kind", func(_ *fsm.View, j *fsm.Job) string { return string(j.Kind) }),
		shownAs("repository", func(v *fsm.View, j *fsm.Job) string { return repositoryName(v, j.Repository) }))
	return l
}

func jobsOf(kind fsm.JobKind) listing[fsm.Job, Job] {
	return listing[fsm.Job, Job]{
		table: func(v *fsm.View) *fsm.Table[fsm.Job] { return &v.Jobs },
		meta:  jobMeta,
		show:  showJob,
		veil:  veilJob,
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
			return only(filter[fsm.Job]{index: "kind", has: jobHasKind}, string(kind)), nil
		},
	}
}

// jobOf finds the job of the kind that the path names; of any kind when that is "".
func jobOf(c *call, kind fsm.JobKind) (*fsm.Job, error) {
	id := c.param("job")
	j, ok := c.view.Jobs.Get(id)
	if !ok || kind != "" && j.Kind != kind {
		if kind == "" {
			kind = "job"
		}
		return nil, fsm.Errorf(fsm.NotFound, "no %s %q", kind, id)
	}
	return j, c.mustSee(c.view.GuardsOf(j))
}

func getJob(kind fsm.JobKind) func(*call) (Job, error) {
	return func(c *call) (Job, error) {
		j, err := jobOf(c, kind)
		if err != nil {
			return Job{}, err
		}
		return c.showJob(j), nil
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
	return c.showJob(j), nil
}

func verifyBackup(c *call, in *VerificationInput) (Job, error) {
	b, err := seen(c, &c.view.Backups, "backup")
	if err != nil {
		return Job{}, err
	}
	percent := 100
	if in.Percent != nil {
		percent = *in.Percent
	}
	return c.jobMade(&fsm.CreateJob{ID: pki.NewID(), Kind: fsm.VerifyJob, Backup: b.ID, Node: in.Node, Percent: percent})
}

// verifyRepository verifies all that a repository has, which tells the backups that
// damage on a storage has hit.
func verifyRepository(c *call, in *VerificationInput) (Job, error) {
	r, err := seen(c, &c.view.Repositories, "repository")
	if err != nil {
		return Job{}, err
	}
	job := &fsm.CreateJob{ID: pki.NewID(), Kind: fsm.VerifyJob, Repository: r.ID, Node: in.Node, Percent: 100}
	if in.Percent != nil {
		job.Percent = *in.Percent
	}
	return c.jobMade(job)
}
