package api

import (
	"fmt"
	"strings"
	"testing"

	"bcm/fsm"
)

// What a storage has lost is given up by those who may write data, once it is known
// what that hits; the audit trail has it.
func TestGiveUpWhatIsLost(t *testing.T) {
	w := newGrownWorld(t)
	const at = "n2"
	w.must(t, "user:admin", &fsm.CreateJob{ID: "scrub", Kind: fsm.ScrubJob, Repository: "r1", Node: at})
	w.must(t, "plan:place", &fsm.AssignJob{ID: "scrub", From: fsm.Queued, Node: at})
	w.must(t, "node:"+at, &fsm.FinishJob{ID: "scrub", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Warning, Copy: &fsm.CopyReport{Lost: 2}}})
	const path, body = "/v1/repositories/r1/scrub", `{"give_up":true}`
	if got := fmt.Sprint(w.want(t, 409, "POST", path, body)); !strings.Contains(got, "verify repository c1 first") {
		t.Errorf("before a verification: %s", got)
	}
	w.must(t, "user:admin", &fsm.CreateJob{ID: "v1", Kind: fsm.VerifyJob, Repository: "r1"})
	w.must(t, "plan:place", &fsm.AssignJob{ID: "v1", From: fsm.Queued, Node: "n1"})
	w.must(t, "node:n1", &fsm.FinishJob{ID: "v1", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Failed, Error: "damaged", Hit: []string{"snap-1"}}})
	w.must(t, "user:admin", &fsm.CreateUser{ID: "u-ru", Name: "ru", Groups: []string{fsm.RestoreUsers}, Password: adminHash()})
	w.want(t, 403, "POST", path, body, "Authorization", "Bearer "+w.speaksFor(t, "u-ru"))
	w.want(t, 422, "POST", path, `{"give_up":"all"}`)
	if got := w.want(t, 202, "POST", path, body); got["give_up"] != true {
		t.Errorf("%v", got)
	}
	if got := fmt.Sprint(w.want(t, 200, "GET", "/v1/events?limit=5", "")); !strings.Contains(got, "gives up what is lost") {
		t.Errorf("the audit trail: %s", got)
	}
}
