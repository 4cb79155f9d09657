package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestConcurrentClients lets many work at once: every id is given out once,
// nothing is lost, and the file holds it all.
func TestConcurrentClients(t *testing.T) {
	dir := t.TempDir()
	x := begin(t, "--data-dir="+dir, "--demo", "--queue-time=0s", "--run-time=1s")
	const workers, each = 8, 20
	var mu sync.Mutex
	given := map[float64]int{}
	refused := 0
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			mine := x.as(x.session(t))
			if w%2 == 0 {
				mine = x.as(basic("Administrator", "sesam"))
			}
			for i := range each {
				u := mine.post("users/create", fmt.Sprintf(`{"name":"u-%d-%d","password":"p","groups":["OPERATOR"]}`, w, i)).object()
				mine.post("users/update", fmt.Sprintf(`{"id":%v,"enabled":%v}`, u["id"], i%2 == 0))
				same := mine.post("clients/create", fmt.Sprintf(`{"name":"same-%d"}`, i))
				mine.post("clients/find", `{"name":"same-*"}`)
				mine.get("backups")
				mine.post("backups/start", `[{"taskName":"mail"}]`)
				mine.post("acls/find", `{}`)
				x.clock.move(100 * time.Millisecond)
				mu.Lock()
				given[u["id"].(float64)]++
				if same.status == http.StatusConflict {
					refused++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(given) != workers*each {
		t.Errorf("%d ids for %d users", len(given), workers*each)
	}
	if refused != (workers-1)*each {
		t.Errorf("%d clients refused as duplicates, want %d", refused, (workers-1)*each)
	}
	x.clock.move(time.Minute)
	x.get("clients")
	x.end()
	y := begin(t, "--data-dir="+dir)
	if n := len(y.post("users/find", `{"name":"u-*"}`).column("id")); n != workers*each {
		t.Errorf("%d users after a restart, want %d", n, workers*each)
	}
	if n := len(y.post("backups/find", `{"task":"mail","state":"SUCCESSFUL","startTime":"*"}`).column("id")); n < workers*each {
		t.Errorf("%d backups ended well, want at least %d", n, workers*each)
	}
}

// TestConcurrentEverything hits all that is shared besides the tables, for the
// race detector.
func TestConcurrentEverything(t *testing.T) {
	x := begin(t, "--lock-after=3", "--session-ttl=1s", "--demo")
	var wg sync.WaitGroup
	for _, do := range []func(int){
		func(int) { x.do("PUT", controlPath+"faults", `{"jitter":"1ms","error_rate":0.1}`) },
		func(int) { x.do("PUT", controlPath+"runs", `{"run_time":"1s","next":["ERROR"]}`) },
		func(int) { x.post(controlPath+"sessions/expire", "") },
		func(int) { x.post(controlPath+"reload", "") },
		func(int) { x.get(controlPath + "requests") },
		func(i int) { x.post(controlPath+[]string{"users/lock", "users/unlock"}[i%2], `{"user":"otto"}`) },
		func(int) { x.as(basic("otto", "wrong")).get("clients") },
		func(int) { x.as(basic("rosa", "Rosa-Luxemburg-1")).get("clients") },
		func(int) { x.as(nil).post("auth/login", goodLogin) },
		func(int) { x.post("backups/start", `[{"taskName":"mail"}]`); x.clock.move(time.Second) },
	} {
		wg.Go(func() {
			for i := range 30 {
				do(i)
			}
		})
	}
	wg.Wait()
	x.faults(`{}`)
	x.get("locations").lists("name", `["LOCAL","GERMANY","FRANCE","MUC"]`)
}

// TestThousandUsers is about what a synchronisation of a new server asks for.
func TestThousandUsers(t *testing.T) {
	x := begin(t, "--data-dir="+t.TempDir())
	begun := time.Now()
	const users, workers = 1000, 8
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < users; i += workers {
				x.post("users/create", fmt.Sprintf(`{"name":"user-%04d","password":"p-%d","groups":["BACKUP"]}`, i, i)).object()
			}
		})
	}
	wg.Wait()
	if n := len(x.get("users").column("id")); n != users+1 {
		t.Errorf("%d users, want %d", n, users+1)
	}
	t.Logf("%d users in %v", users, time.Since(begun))
}
