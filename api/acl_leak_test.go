package api

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bcm/fsm"
)

// hiddenWords are what a grown world calls what is hidden in these tests: names and ids
// of the client c1 and of all that belongs to it.
var hiddenWords = regexp.MustCompile(`(^|[^a-z0-9-])(c1|cl1|files|t1|b1|b2|b3|j1|j2|j3|r1|a1|a2|snap-1)($|[^a-z0-9.-])`)

// textsIn gives all texts in a JSON document, keys and addresses of schemas left out.
func textsIn(t *testing.T, body []byte) (texts []string) {
	t.Helper()
	var doc any
	if err := json.Unmarshal(body, &doc); err != nil {
		return []string{string(body)}
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if !strings.HasPrefix(v, "-----BEGIN") { // in a certificate any word may stand, by chance
				texts = append(texts, v)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(doc)
	return texts
}

// newVeiledWorld is a golden world with alerts, in which a list on the client hides all
// that belongs to it from eve, who may read and change whatever is not hidden.
func newVeiledWorld(t *testing.T) (w *world, eve string) {
	t.Helper()
	w = newGoldenWorld(t)
	w.must(t, "node:n1", &fsm.FinishBackup{ID: "b2", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Failed, Error: "c1 is not there"}},
		&fsm.FinishJob{ID: "j3", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Failed, Error: "/srv/data of c1 differs"}})
	w.must(t, "user:root", &fsm.CreateGroup{ID: "g-eve", Name: "Nearly all", Rank: fsm.Unbarred - 1, Rights: []fsm.Right{fsm.All}},
		&fsm.CreateUser{ID: "u-eve", Name: "eve", Groups: []string{"Nearly all"}, Password: adminHash()},
		&fsm.PutACL{Noun: "clients", Object: "c1", Users: []string{"ada"}})
	w.want(t, 404, "POST", "/v1/backups", `{"task":"none of files"}`)
	return w, "Bearer " + w.speaksFor(t, "u-eve")
}

// Nothing that can be read without naming it tells of what an access list hides. All
// operations are asked that change nothing, so that a new one is asked as well.
func TestNothingTellsOfWhatIsHidden(t *testing.T) {
	w, eve := newVeiledWorld(t)
	asks := slices.DeleteFunc(goldenRequests(), func(q asked) bool {
		return q.method != "GET" && !strings.Contains(q.path, "preview") && !strings.Contains(q.path, "explain")
	})
	asks = append(asks, asked{"listEvents", "GET", "/v1/events?limit=1000", ""}, asked{"listRepositories", "GET", "/v1/repositories?q=c1", ""},
		asked{"listACLs", "GET", "/v1/acls", ""}, asked{"listTasks", "GET", "/v1/tasks", ""}, asked{"listJobs", "GET", "/v1/jobs", ""},
		asked{"previewSchedule", "POST", "/v1/schedules/preview", `{"name":"new","cron":"30 2 * * *","zone":"Europe/Berlin"}`})
	told := make(map[string]bool) // by operation, whether an administrator is told
	for _, q := range asks {
		open := w.ask(t, q.method, q.path, q.body)
		told[q.id] = told[q.id] || slices.ContainsFunc(textsIn(t, open.Body.Bytes()), hiddenWords.MatchString)
		rec := w.ask(t, q.method, q.path, q.body, "Authorization", eve)
		if rec.Code == 403 && hiddenWords.MatchString(q.path+q.body) {
			continue // she named it herself
		}
		if rec.Code != open.Code {
			t.Errorf("%s %s: %d, and for an administrator %d", q.method, q.path, rec.Code, open.Code)
		}
		for _, text := range textsIn(t, rec.Body.Bytes()) {
			if hiddenWords.MatchString(text) {
				t.Errorf("%s %s tells of %q", q.method, q.path, text)
			}
		}
	}
	for _, id := range []string{"listAlerts", "listEvents", "listClients", "listTasks", "listBackups", "listRepositories", "listAssignments",
		"listJobs", "listDrills", "listApprovals", "getNodeImpact", "nextSlots", "previewSchedule", "previewRetention"} {
		if !told[id] && id != "nextSlots" { // the one schedule there is has no others
			t.Errorf("%s does not tell an administrator either: the test sees nothing", id)
		}
	}
}

// What is counted is what may be seen.
func TestStatsLeaveOutWhatIsHidden(t *testing.T) {
	w, eve := newVeiledWorld(t)
	w.must(t, "user:admin", &fsm.CreateClient{ID: "cl9", Name: "open", Repository: fsm.NewRepository{ID: "r9", Password: []byte("sealed")}},
		&fsm.CreateBackup{ID: "b8", Client: "open", Source: &fsm.Source{Paths: []string{"/srv"}}})
	var all, hers GridStats
	for token, to := range map[string]*GridStats{"Bearer " + w.token: &all, eve: &hers} {
		if err := json.Unmarshal(w.ask(t, "GET", "/v1/stats", "", "Authorization", token).Body.Bytes(), to); err != nil {
			t.Fatal(err)
		}
	}
	if all.Clients != 2 || all.Backups.Total != 4 || all.Backups.LastDay.Failed != 1 || all.Backups.LastDay.Bytes == 0 {
		t.Errorf("an administrator: %+v", all)
	}
	if b := hers.Backups; hers.Clients != 1 || hers.Tasks != 0 || b.Total != 1 || b.Queued != 1 || len(b.ByStatus) != 1 || b.LastDay != (DayStats{}) {
		t.Errorf("of what is hidden: %+v", hers)
	}
}

// A stream tells neither of what is hidden nor how it gets on, and minds a list that
// is made while it is open.
func TestStreamLeavesOutWhatIsHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, eve := newVeiledWorld(t)
		w.backup(t, "b7", "t1")
		l := w.listen(t, "?topics=backups,events,approvals,repositories,assignments", "Authorization", eve)
		admin := w.listen(t, "?topics=backups")
		time.Sleep(time.Second)
		w.SetProgress([]fsm.Progress{{Run: "b7", Node: "n1", Attempt: 1, Phase: "upload", Files: 10}})
		time.Sleep(time.Second)
		w.must(t, "node:n1", &fsm.FinishBackup{ID: "b7", Attempt: 1, Outcome: fsm.Outcome{Status: fsm.Succeeded, Snapshot: "snap-7"}})
		w.must(t, "user:admin", &fsm.CreateClient{ID: "cl9", Name: "open", Repository: fsm.NewRepository{ID: "r9", Password: []byte("sealed")}})
		w.must(t, "user:admin", &fsm.PutACL{Noun: "clients", Object: "open"}, &fsm.UpdateRepository{ID: "r9", Quota: new(int64)})
		time.Sleep(time.Second)
		l.close()
		admin.close()
		<-l.done
		<-admin.done
		synctest.Wait()
		close(l.events)
		for e := range l.events {
			if text, _ := json.Marshal(e.data); e.name != "ready" && e.name != "" {
				t.Errorf("%s tells %s", e.name, text)
			}
		}
		close(admin.events)
		progress := 0
		for e := range admin.events {
			if e.name == "progress" || e.name == "backups" {
				progress++
			}
		}
		if progress == 0 {
			t.Error("an administrator is told nothing: the test sees nothing")
		}
	})
}
