package api

import (
	"time"

	"bcm/fsm"
)

// When storages and copies become alerts.
const (
	fillsUp      = 14             // days until a storage is full
	fillsUpSoon  = 3              // days
	behindFor    = 24 * time.Hour // a copy lacks what was stored longer ago
	failuresTold = 3              // jobs in a row
)

// ofStorage tells of a storage that fills up or has lost something.
func (a *alerts) ofStorage(n *fsm.Node, object Object) {
	if days, ok := n.Capacity.FullIn(); ok && days < fillsUp {
		severity := warning
		if days < fillsUpSoon {
			severity = critical
		}
		a.add(severity, "storage_fills_up", object, 0, "%s is full in %d days when it goes on like that", n.Name, days)
	}
	if n.Capacity.Lost > 0 {
		a.add(critical, "storage_damaged", object, 0, "%s has %d blobs that are damaged or missing; they are fetched from another copy where there is one. bcm repository verify names the backups that are hit, bcm repository scrub --give-up gives up what is beyond help",
			n.Name, n.Capacity.Lost)
	}
}

// ofCopies tells of copies that are not as they should be.
func (a *alerts) ofCopies() {
	v := a.call.view
	for r := range v.Repositories.All() {
		if !r.Filled || !a.call.sees(r) {
			continue
		}
		for _, storage := range r.Storages {
			if h, ok := v.Holdings.Get(fsm.HoldingID(r.ID, storage)); ok {
				a.ofCopy(v, r, h)
			}
		}
		a.ofMissing(v, r)
	}
}

// ofDamage tells of repositories in which the last verification of all of them has found
// backups that cannot be restored whole and are still kept.
func (a *alerts) ofDamage() {
	v := a.call.view
	last := make(map[string]*fsm.Job)
	for j := range v.Jobs.By("kind", string(fsm.VerifyJob)) {
		if j.Backup != "" || j.Status != fsm.Succeeded && j.Status != fsm.Failed {
			continue
		}
		if before := last[j.Repository]; before == nil || before.FinishedAt <= j.FinishedAt {
			last[j.Repository] = j
		}
	}
	for r := range v.Repositories.All() {
		j := last[r.ID]
		if j == nil || !a.call.sees(r) {
			continue
		}
		if damaged := a.call.showJob(j).Damaged; len(damaged) > 0 {
			a.add(critical, "backups_damaged", Object{v.Repositories.Name(), r.ID, r.Name}, j.FinishedAt,
				"%d backups in %s cannot be restored whole, among them %s; bcm job show %s names all. Delete those that are of no use, or restore what is left of them",
				len(damaged), r.Name, damaged[0], j.ID)
		}
	}
}

// ofMissing tells of a repository that lies on fewer storages than its clients want:
// none was found for it, or what is to lie there has not come within a day.
func (a *alerts) ofMissing(v *fsm.View, r *fsm.Repository) {
	object, wanted := Object{v.Repositories.Name(), r.ID, r.Name}, v.WantedCopies(r.ID)
	n := 0
	for _, storage := range r.Storages {
		if _, ok := v.Nodes.Get(storage); ok {
			n++
		}
	}
	if len(r.Storages) == 0 {
		return
	}
	if n < wanted {
		a.add(warning, "copy_missing", object, 0, "%s should lie on %d storages and has %d; bcm client explain says why no other one will do", r.Name, wanted, n)
		return
	}
	main, ok := v.Holdings.Get(fsm.HoldingID(r.ID, r.Storages[0]))
	if !ok || main.ChangedAt == 0 || main.ChangedAt.Add(behindFor) >= fsm.At(a.now) {
		return
	}
	for _, storage := range r.Storages[1:] {
		if h, ok := v.Holdings.Get(fsm.HoldingID(r.ID, storage)); !ok || h.AsOf == 0 {
			a.add(warning, "copy_missing", object, main.ChangedAt, "%s was to get a copy of %s and has none", nodeName(v, storage), r.Name)
		}
	}
}

// wholeCopies counts the storages that have all that is stored in a repository.
func wholeCopies(v *fsm.View, r *fsm.Repository) (n int) {
	for _, storage := range r.Storages {
		n += int(bit(v.Complete(r, storage)))
	}
	return n
}

func (a *alerts) ofCopy(v *fsm.View, r *fsm.Repository, h *fsm.Holding) {
	object, storage := Object{v.Repositories.Name(), r.ID, r.Name}, nodeName(v, h.Storage)
	if h.Failures >= failuresTold {
		a.add(warning, "copy_failed", object, h.TriedAt, "the last %d jobs on what %s has of %s failed: %s", h.Failures, storage, r.Name, h.Error)
	}
	if h.Differ > 0 {
		a.add(critical, "copy_differs", object, h.TriedAt, "%s has %d blobs of %s with other bytes than the storage that is written to; one of the two was tampered with",
			storage, h.Differ, r.Name)
	}
	if h.Storage == r.Storages[0] {
		return
	}
	if h.Extra > 0 && h.TrimmedAt != 0 && h.TrimmedAt == h.AsOf {
		a.add(warning, "copy_untrimmed", object, h.TriedAt, "%s keeps %d blobs of %s that the storage that is written to does not have any more; confirm with bcm repository copy --trim that they may go",
			storage, h.Extra, r.Name)
	}
	main, ok := v.Holdings.Get(fsm.HoldingID(r.ID, r.Storages[0]))
	if ok && h.AsOf != 0 && !v.Whole(r, h.Storage) && main.ChangedAt.Add(behindFor) < fsm.At(a.now) {
		a.add(warning, "copy_behind", object, main.ChangedAt, "%s lacks what was last stored in %s", storage, r.Name)
	}
}

// copies tells of what storages have of repositories.
func (s *stateCollector) copies(put putter, v *fsm.View) {
	for r := range v.Repositories.All() {
		if r.Filled {
			put("bcm_repository_copies_wanted", "On how many storages a repository should lie.", float64(v.WantedCopies(r.ID)), "repository", r.Name)
			put("bcm_repository_copies_whole", "On how many storages all of a repository lies.", float64(wholeCopies(v, r)), "repository", r.Name)
		}
	}
	for h := range v.Holdings.All() {
		r, ok := v.Repositories.Get(h.Repository)
		if !ok || !contains(r.Storages, h.Storage) {
			continue
		}
		labels := []string{"repository", r.Name, "node", nodeName(v, h.Storage)}
		put("bcm_copy_whole", "1 for a storage that has all that is stored in a repository.", float64(bit(v.Whole(r, h.Storage))), labels...)
		put("bcm_copy_lost_blobs", "Blobs of a repository that a storage has lost.", float64(h.Lost), labels...)
		put("bcm_copy_failures", "Copies and scrubs that failed since one went well.", float64(h.Failures), labels...)
		if h.AsOf != 0 {
			put("bcm_copy_as_of_timestamp_seconds", "A copy has all that was stored by then.", seconds(h.AsOf), labels...)
		}
		if h.ScrubbedAt != 0 {
			put("bcm_storage_scrubbed_timestamp_seconds", "When a storage last read all of a repository again.", seconds(h.ScrubbedAt), labels...)
		}
	}
}
