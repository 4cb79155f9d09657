package fsm_test

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-hclog"

	"bcm/fsm"
)

// Every change is a command, proposed as an entry of the log; every read is of a
// view, which belongs to one index and never changes.
func Example() {
	state := fsm.New(hclog.NewNullLogger())
	propose := func(index uint64, by string, cmd fsm.Command) {
		entry, err := fsm.NewEntry(context.Background(), by, cmd)
		if err != nil {
			panic(err)
		}
		answers, err := state.Replay(index, entry)
		if err != nil {
			panic(err) // the entry cannot be read: a member stops here
		}
		result, err := answers.At(0)
		fmt.Printf("%d: %s %q %v\n", index, entry.Kind, result.ID, err)
	}
	propose(1, "system:demo", &fsm.CreateSchedule{ID: "s1", Name: "nightly", Cron: "0 2 * * *"})
	before := state.Now()
	propose(2, "system:demo", &fsm.CreateSchedule{ID: "s2", Name: "nightly", Cron: "0 3 * * *"})
	propose(3, "system:demo", &fsm.CreateSchedule{ID: "s2", Name: "hourly", Cron: "0 * * * *"})

	after, err := state.View(context.Background(), 3) // waits for the entry at 3
	if err != nil {
		panic(err)
	}
	fmt.Println(before.Schedules.Len(), "schedule at", before.Index, "and", after.Schedules.Len(), "at", after.Index)
	for s := range after.Schedules.Search("HOUR") {
		fmt.Println("found", s.Name)
	}
	for e := range after.Events.All() {
		fmt.Println(e.By, "did", e.Action, "to", e.Object.Name)
	}
	// Output:
	// 1: schedule.create "s1" <nil>
	// 2: schedule.create "" schedule nightly exists already
	// 3: schedule.create "s2" <nil>
	// 1 schedule at 1 and 2 at 3
	// found hourly
	// system:demo did schedule.create to nightly
	// system:demo did schedule.create to hourly
}
