package plan

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"bcm/fsm"
)

// Certify has the HTTPS certificates of SEP sesam servers installed by the agents on
// their hosts, and those renewed that the cluster has issued. It goes in waves: no
// more servers are at it at a time than the settings say, whoever asked, and the most
// urgent are renewed first. A server that could not be given its next certificate is
// left alone for a while, and one whose agent is away waits for that; neither keeps
// another from its turn.
//
// A plan draws no keys: its renewals are complete once a certificate was signed for
// them.
func Certify(v *fsm.View, now time.Time) (do []fsm.Command, next time.Time) {
	if v.Servers.Len() == 0 {
		return nil, time.Time{}
	}
	room := v.RenewRoom() - v.Certifying()
	wait, next := waitingPairs(v, now)
	for _, j := range wait {
		if room--; room < 0 {
			return do, next // the end of another one changes the state
		}
		s, _ := v.Servers.Get(j.Server)
		do = append(do, &fsm.AssignJob{ID: j.ID, From: j.Status, Attempt: j.Attempt, Node: s.Via})
	}
	due, later := dueForRenewal(v, now)
	for _, s := range due[:min(len(due), max(0, room))] {
		stamp := []string{s.ID, s.Pair.Certificate, strconv.Itoa(s.Pair.Failures)}
		do = append(do, &fsm.InstallPair{Job: idOf(append(stamp, "job")...), Renews: s.Pair.Certificate,
			Certificate: fsm.Certificate{Meta: fsm.Meta{ID: idOf(append(stamp, "pair")...)}, Node: s.ID}})
	}
	return do, earlier(next, later)
}

// waitingPairs lists the orders that an agent could take now, the oldest first, and
// tells when there will be one more.
func waitingPairs(v *fsm.View, now time.Time) (wait []*fsm.Job, next time.Time) {
	for _, j := range v.Jobs.Walk("certify", false, nil) {
		s, ok := v.Servers.Get(j.Server)
		if !ok || !j.Status.Waits() || able(v, s.Via) == "" {
			continue
		}
		if at := (waiting{&j.Run, &j.Meta, nil, j}).retryAt(); at.After(now) {
			next = earlier(next, at)
			continue
		}
		wait = append(wait, j)
	}
	slices.SortFunc(wait, func(a, b *fsm.Job) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return wait, next
}

// dueForRenewal lists the servers whose certificates should be renewed now, those
// that end first before the others, and tells when there will be one more.
func dueForRenewal(v *fsm.View, now time.Time) (due []*fsm.Server, next time.Time) {
	ends := make(map[string]fsm.Time)
	for s := range v.Servers.All() {
		c, ok := v.Certificates.Get(s.Pair.Certificate)
		if !ok || c.RenewAt() == 0 || s.Uncertifiable() != "" || !s.Reachable() || able(v, s.Via) == "" || v.Jobs.Count("certify", s.ID) > 0 {
			continue
		}
		if at := max(c.RenewAt(), s.Pair.RetryAt).Time(); at.After(now) {
			next = earlier(next, at)
			continue
		}
		ends[s.ID] = c.NotAfter
		due = append(due, s)
	}
	slices.SortFunc(due, func(a, b *fsm.Server) int {
		return cmp.Or(cmp.Compare(ends[a.ID], ends[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	return due, next
}
