package api

import (
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// Copy is what one storage has of a repository.
type Copy struct {
	Storage    string     `json:"storage" doc:"Name"`
	State      string     `json:"state" doc:"written: it is the one that is written to; whole: it has all of that; copying; behind: it lacks what was stored last; empty: nothing was copied yet; damaged: it has lost blobs; gone: its storage has left the grid"`
	Blobs      int64      `json:"blobs" doc:"When a job last looked"`
	Bytes      int64      `json:"bytes"`
	AsOf       *time.Time `json:"as_of" doc:"It has all that was stored by then"`
	ScrubbedAt *time.Time `json:"scrubbed_at" doc:"When all of it was last read again"`
	Lost       int64      `json:"lost" doc:"Blobs that are damaged or missing"`
	Differ     int64      `json:"differ,omitempty" doc:"Blobs that its source has with other bytes; they are kept as they were"`
	Extra      int64      `json:"extra,omitempty" doc:"Blobs that its source does not have any more"`
	Error      *string    `json:"error" doc:"Why the last copy or scrub failed"`
}

// ScrubInput says what to read again.
type ScrubInput struct {
	Storage string `json:"storage,omitempty" doc:"Id or name; otherwise the one that is written to"`
	GiveUp  bool   `json:"give_up,omitempty" doc:"Read what is lost alone, and miss it no more where it is not back. For what no copy has, once a verification has told which backups are hit: see damaged_backups of it"`
}

// CopyInput says where to bring a copy up to date.
type CopyInput struct {
	To   string `json:"to,omitempty" doc:"Id or name of the storage; may be left out when there is one further storage"`
	From string `json:"from,omitempty" doc:"Id or name of the storage to copy from; otherwise the one that is written to"`
	Trim bool   `json:"trim,omitempty" doc:"Take away all that the source does not have any more, however much it is"`
}

func showCopy(v *fsm.View, r *fsm.Repository, storage string) Copy {
	out := Copy{Storage: nodeName(v, storage), State: copyState(v, r, storage)}
	if h, ok := v.Holdings.Get(fsm.HoldingID(r.ID, storage)); ok {
		out.Blobs, out.Bytes, out.AsOf, out.ScrubbedAt = h.Blobs, h.Bytes, moment(h.AsOf), moment(h.ScrubbedAt)
		out.Lost, out.Differ, out.Extra, out.Error = h.Lost, h.Differ, h.Extra, text(h.Error)
	}
	return out
}

// copyState is what matters most of a copy, in a word.
func copyState(v *fsm.View, r *fsm.Repository, storage string) string {
	h, known := v.Holdings.Get(fsm.HoldingID(r.ID, storage))
	if _, there := v.Nodes.Get(storage); !there {
		return "gone"
	}
	switch {
	case known && h.Lost > 0:
		return "damaged"
	case storage == r.Storages[0]:
		return "written"
	case v.Whole(r, storage):
		return "whole"
	}
	for j := range v.Jobs.By("active", storage) {
		if j.Kind == fsm.CopyJob && j.Repository == r.ID {
			return "copying"
		}
	}
	if known && h.AsOf != 0 {
		return "behind"
	}
	return "empty"
}

func scrubRepository(c *call, in *ScrubInput) (Job, error) {
	r, err := seen(c, &c.view.Repositories, "repository")
	if err != nil {
		return Job{}, err
	}
	storage := in.Storage
	if storage == "" && len(r.Storages) > 0 {
		storage = r.Storages[0]
	}
	return c.jobMade(&fsm.CreateJob{ID: pki.NewID(), Kind: fsm.ScrubJob, Repository: r.ID, Node: storage, GiveUp: in.GiveUp})
}

func copyRepository(c *call, in *CopyInput) (Job, error) {
	r, err := seen(c, &c.view.Repositories, "repository")
	if err != nil {
		return Job{}, err
	}
	to, from := in.To, in.From
	switch {
	case to == "" && len(r.Storages) == 2:
		to = r.Storages[1]
	case to == "" && len(r.Storages) < 2:
		return Job{}, fsm.Errorf(fsm.Conflict, "repository %s lies on one storage alone; ask for copies at its client first", r.Name)
	case to == "":
		return Job{}, invalid("to", "name one of %v", nodeNames(c.view, r.Storages[1:]))
	}
	if from == "" && len(r.Storages) > 0 {
		from = r.Storages[0]
	}
	job := &fsm.CreateJob{ID: pki.NewID(), Kind: fsm.CopyJob, Repository: r.ID, Node: to, Storage: from}
	if n, ok := c.view.Nodes.Find(to); ok && len(r.Storages) > 0 && n.ID == r.Storages[0] {
		job.Repair = true // what is written to takes back what it lost, and nothing else
	}
	if in.Trim {
		job.Trim = fsm.TrimAll
	}
	return c.jobMade(job)
}
