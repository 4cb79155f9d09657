package fsm

import (
	"strings"
	"testing"
)

func TestGiveUpWhatIsLost(t *testing.T) {
	l := copied(t)
	giveUp := CreateJob{ID: "gone", Kind: ScrubJob, Repository: "r4", Node: "s1", GiveUp: true}
	refused := func(why string, code Code, says string, change ...func(c *CreateJob)) {
		t.Helper()
		c := giveUp
		for _, do := range change {
			do(&c)
		}
		if _, err := l.try("user:op", &c); CodeOf(err) != code || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("nothing is lost", Conflict, "has lost nothing")
	l.work(CreateJob{ID: "copy", Kind: CopyJob, Node: "s2", Storage: "s1"}, Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 3}})
	l.work(CreateJob{ID: "scrub", Kind: ScrubJob, Node: "s1"}, Outcome{Status: Warning, Copy: &CopyReport{Blobs: 2, Lost: 1, Found: 1}})
	read := l.holding("s1").ScrubbedAt
	refused("a copy", Invalid, "is a copy", func(c *CreateJob) { c.Node = "s2" })
	refused("a verification", Invalid, "cannot give up", func(c *CreateJob) { c.Kind, c.Node = VerifyJob, "" })
	refused("a copy of data", Invalid, "cannot give up", func(c *CreateJob) { c.Kind, c.Storage = CopyJob, "s2" })
	refused("a copy may have it", Conflict, "was not asked yet")
	l.do("plan:members", &MarkNode{ID: "s2", From: Online, To: Offline})
	refused("a copy that is away may have it", Conflict, "is offline")
	l.do("plan:members", &MarkNode{ID: "s2", From: Offline, To: Online})
	l.work(CreateJob{ID: "mend", Kind: CopyJob, Node: "s1", Storage: "s2", Repair: true}, Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 2, Lost: 1}})
	refused("nobody has looked what is hit", Conflict, "verify repository")
	l.do("plan:verify", &CreateJob{ID: "look", Kind: VerifyJob, Repository: "r4"})
	l.do("plan:place", &AssignJob{ID: "look", From: Queued, Node: "b1"})
	l.do("node:b1", &FinishJob{ID: "look", Attempt: 1, Outcome: Outcome{Status: Failed, Error: "damaged", Hit: []string{"snap-far"}}})
	if _, err := l.try("user:bu", &giveUp); CodeOf(err) != Denied {
		t.Errorf("without the right: %v", err)
	}
	l.do("user:op", &giveUp)
	l.do("plan:place", &AssignJob{ID: "gone", From: Queued, Node: "s1"})
	orders := l.view().Orders("s1").Items
	if len(orders) != 2 || orders[0].ID != "gone" || !orders[0].GiveUp {
		t.Errorf("orders: %+v", orders)
	}
	l.do("node:s1", &FinishJob{ID: "gone", Attempt: 1, Outcome: Outcome{Status: Succeeded, Copy: &CopyReport{Blobs: 2}, Stats: Stats{Deleted: 1}}})
	if h := l.holding("s1"); h.Lost != 0 || h.ScrubbedAt != read || h.Failures != 0 {
		t.Errorf("after it: %+v", h)
	}
	sound(l)
}
