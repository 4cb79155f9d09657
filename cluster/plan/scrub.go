package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bcm/fsm"
)

// scrubSoon is the least time between two scrubs when something is suspected.
const scrubSoon = time.Hour

// Scrub has each storage read again what it has of each repository, in turn: as
// often as the settings say, evenly spread, and soon after somebody found damage. A
// storage scrubs one repository at a time.
func Scrub(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	type due struct {
		at  time.Time
		job fsm.CreateJob
	}
	var all []due
	working := make(map[string]bool)
	for h := range jobsAt(v, fsm.ScrubJob) {
		working[h.storage] = true
	}
	for r := range v.Repositories.All() {
		if !r.Filled {
			continue
		}
		for _, id := range r.Storages {
			if working[id] || !usable(v, id) {
				continue
			}
			at, stamp := scrubAt(v, r, id)
			if at.IsZero() {
				continue
			}
			all = append(all, due{at, fsm.CreateJob{
				ID: idOf("scrub", r.ID, id, stamp), Kind: fsm.ScrubJob, Repository: r.ID, Node: id}})
		}
	}
	slices.SortFunc(all, func(a, b due) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.job.ID, b.job.ID)) })
	for _, d := range all {
		switch {
		case d.at.After(now):
			return do, earlier(next, d.at)
		case !working[d.job.Node]:
			working[d.job.Node] = true
			do = append(do, &d.job)
		}
	}
	return do, next
}

// scrubAt is when a storage should read a repository again, zero for never, and what
// tells this scrub from the last.
func scrubAt(v *fsm.View, r *fsm.Repository, storage string) (at time.Time, stamp string) {
	h, ok := v.Holdings.Get(fsm.HoldingID(r.ID, storage))
	if !ok {
		h = &fsm.Holding{Meta: fsm.Meta{ID: fsm.HoldingID(r.ID, storage)}}
	}
	switch every := v.Upkeep().ScrubEvery; {
	case every <= 0:
	case h.ScrubbedAt != 0:
		at = h.ScrubbedAt.Add(every).Time()
	default:
		at = r.CreatedAt.Add(time.Duration(hash(idOf("scrub", h.ID)) % uint64(every))).Time()
	}
	if h.Suspect || unexplained(v, storage) {
		if soon := max(h.ScrubbedAt, h.TriedAt).Add(scrubSoon).Time(); at.IsZero() || soon.Before(at) {
			at = soon
		}
	}
	if again := repeatAt(h); !at.IsZero() && again.After(at) {
		at = again
	}
	return at, fmt.Sprint(h.ScrubbedAt, h.TriedAt)
}

// unexplained tells whether a storage misses more than its scrubs have told of.
func unexplained(v *fsm.View, storage string) bool {
	n, ok := v.Nodes.Get(storage)
	if !ok || n.Capacity.Lost == 0 {
		return false
	}
	var known int64
	for h := range v.Holdings.By("storage", storage) {
		known += h.Lost
	}
	return n.Capacity.Lost > known
}
