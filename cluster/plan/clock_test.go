package plan_test

import (
	"testing"
	"time"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// A leader that starts with a clock hours ahead cannot tell that from hours of downtime.
// It makes one backup, not one for each slot; once the clock is right again nothing is
// made twice, and the slots up to the false time count as used. Under a schedule that
// skips nothing is made, and no slot is lost.
func TestScheduleAfterAClockThatWasAhead(t *testing.T) {
	const ahead = 10*time.Hour + 30*time.Minute
	for missed, c := range map[fsm.Missed]struct {
		early []string // what the false time makes
		later map[time.Duration][]string
	}{
		fsm.RunOnce: {[]string{"backup.create t1 2026-01-15T22:00:00Z"}, map[time.Duration][]string{
			time.Hour: nil, 10 * time.Hour: nil, 11 * time.Hour: {"backup.create t1 2026-01-15T23:00:00Z"}}},
		fsm.Skip: {nil, map[time.Duration][]string{time.Hour: {"backup.create t1 2026-01-15T13:00:00Z"},
			10 * time.Hour: {"backup.create t1 2026-01-15T22:00:00Z"}, 11 * time.Hour: {"backup.create t1 2026-01-15T23:00:00Z"}}},
	} {
		t.Run(string(missed), func(t *testing.T) {
			g := newGrid(t)
			prefer(g)
			cron(g, "0 * * * *", "", missed)
			g.now = noon.Add(ahead)
			g.do("user:admin", &fsm.CreateClient{ID: "stamp", Name: "stamp", // the log has the false time now
				Repository: fsm.NewRepository{ID: "repo-stamp", Password: []byte("sealed")}})
			g.expect(plan.Schedule, c.early...)
			g.queue0("t1")
			for _, passed := range []time.Duration{time.Hour, 10 * time.Hour, 11 * time.Hour} {
				g.now = noon.Add(passed)
				g.expect(plan.Schedule, c.later[passed]...)
				g.queue0("t1")
			}
		})
	}
}
