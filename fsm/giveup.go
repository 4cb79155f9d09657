package fsm

// mayGiveUp checks that a storage is known to have lost something, that no copy can
// have it, and that a verification has told since then which backups that hits. A copy
// gives up by itself what the storage that is written to does not miss.
func (c *CreateJob) mayGiveUp(tx *Tx, r *Repository, j *Job) error {
	if c.Kind != ScrubJob {
		return invalidField("give_up", "a %s cannot give up what is lost, a scrub can", c.Kind)
	}
	if j.Wish != r.Storages[0] {
		return invalidField("give_up", "%s is a copy, which gives up what %s does not miss; name that", tx.nodeName(j.Wish), tx.nodeName(r.Storages[0]))
	}
	h, ok := tx.Holdings.Get(HoldingID(r.ID, j.Wish))
	if !ok || h.Lost == 0 {
		return Errorf(Conflict, "%s has lost nothing of repository %s, as far as is known; a scrub tells", tx.nodeName(j.Wish), r.Name)
	}
	for _, id := range r.Storages[1:] {
		if !tx.copied(r, id) {
			continue
		}
		if n, ok := tx.Nodes.Get(id); ok && !n.Up() {
			return Errorf(Conflict, "%s has a copy of repository %s and is %s; it may have what is lost", n.Name, r.Name, n.Status)
		}
		if h.Failures == 0 {
			return Errorf(Conflict, "%s has a copy of repository %s that was not asked yet for what is lost; that happens by itself", tx.nodeName(id), r.Name)
		}
	}
	for v := range tx.Jobs.By("repository", r.ID) {
		if v.Kind == VerifyJob && v.Backup == "" && (v.Status == Succeeded || v.Status == Failed) && v.FinishedAt > h.ScrubbedAt {
			return nil
		}
	}
	return Errorf(Conflict, "verify repository %s first, which tells the backups that are hit", r.Name)
}

// nodeName is how people know a node.
func (t *tables) nodeName(id string) string {
	if n, ok := t.Nodes.Get(id); ok {
		return n.Name
	}
	return id
}
