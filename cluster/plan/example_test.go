package plan_test

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	"bcm/cluster/plan"
	"bcm/fsm"
)

// A plan is asked with a view and a time; what it decides is proposed as
// commands, in the name of the plan.
func Example() {
	state := fsm.New(hclog.NewNullLogger())
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	apply := func(index uint64, by string, cmd fsm.Command) {
		entry, err := fsm.NewEntry(context.Background(), by, cmd)
		if err != nil {
			panic(err)
		}
		entry.At = fsm.At(now)
		if _, err := state.Replay(index, entry); err != nil {
			panic(err)
		}
	}
	apply(1, "system:demo", &fsm.CreateSchedule{ID: "hourly", Name: "hourly", Cron: "0 * * * *"})
	apply(2, "system:demo", &fsm.CreateClient{ID: "c", Name: "c", Repository: fsm.NewRepository{ID: "r", Password: []byte("sealed")}})
	apply(3, "system:demo", &fsm.CreateTask{ID: "t", Name: "t", Client: "c", Schedule: "hourly",
		Source: fsm.Source{Paths: []string{"/srv"}}})

	now = now.Add(90 * time.Minute)
	do, next := plan.Schedule(state.Now(), now)
	for i, cmd := range do {
		fmt.Println(fsm.KindOf(cmd), "for the slot", cmd.(*fsm.CreateBackup).Slot)
		apply(4+uint64(i), "plan:schedule", cmd)
	}
	fmt.Println("next slot", next.Format(time.TimeOnly))
	do, _ = plan.Schedule(state.Now(), now)
	fmt.Println(len(do), "commands left")
	// Output:
	// backup.create for the slot 2026-01-15T13:00:00Z
	// next slot 14:00:00
	// 0 commands left
}
