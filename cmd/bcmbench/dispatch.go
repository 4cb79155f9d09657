package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// measureDispatch lets many tasks be due in one second, and measures from that
// second to when a node has begun each.
func (b *bench) measureDispatch(ctx context.Context) (err error) {
	slots := 4
	c, err := b.newCrowd(ctx, simulation{nodes: (b.tasks + slots - 1) / slots, slots: slots, speed: 1 << 20, size: 30 << 20})
	if err != nil {
		return err
	}
	defer func() { err = cmpErr(err, c.stop()) }()
	if err := c.schedule(ctx, "due", "0 0 1 1 *"); err != nil {
		return err
	}
	err = each(b.tasks, func(i int) error {
		return c.leader.call(ctx, http.MethodPost, "/v1/tasks", map[string]any{"name": fmt.Sprintf("t%d", i), "client": "crowd",
			"source": map[string]any{"paths": []string{"/srv"}}, "schedule": "due"}, nil)
	})
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d tasks due in one second, slot to ", b.tasks)
	var made, p50, p95, worst []float64 // by round
	for round := range b.rounds {
		created, begun, err := c.dispatch(ctx, b.tasks, round*b.tasks)
		if err != nil {
			return err
		}
		slices.Sort(created)
		slices.Sort(begun)
		made, p50 = append(made, created[len(created)-1]), append(p50, begun[len(begun)/2])
		p95, worst = append(p95, begun[len(begun)*95/100]), append(worst, begun[len(begun)-1])
	}
	b.report.add(what+"made, worst", "s", goal{}, made...)
	b.report.add(what+"begun, p50", "s", goal{}, p50...)
	b.report.add(what+"begun, p95", "s", goal{most: 1}, p95...)
	b.report.add(what+"begun, worst", "s", goal{}, worst...)
	return err
}

// schedule makes a schedule that starts nothing yet.
func (c *crowd) schedule(ctx context.Context, name, cron string) error {
	return c.leader.call(ctx, http.MethodPost, "/v1/schedules", map[string]any{"name": name, "cron": cron}, nil)
}

// dispatch lets all tasks be due in the next minute that is not too near, and waits
// until all have ended. Of the backups there were so many before.
func (c *crowd) dispatch(ctx context.Context, tasks, before int) (made, begun []float64, err error) {
	at := time.Now().UTC().Add(10 * time.Second).Truncate(time.Minute).Add(time.Minute)
	cron := fmt.Sprintf("%d %d %d %d *", at.Minute(), at.Hour(), at.Day(), at.Month())
	if err := c.leader.call(ctx, http.MethodPatch, "/v1/schedules/due", map[string]any{"cron": cron}, nil); err != nil {
		return nil, nil, err
	}
	if err := pause(ctx, time.Until(at)); err != nil {
		return nil, nil, err
	}
	all, err := c.settle(ctx, before+tasks, 5*time.Minute, func(r ran) bool { return r.FinishedAt != nil })
	for _, r := range all {
		if r.Slot != nil && r.StartedAt != nil && r.Slot.Equal(at) {
			made, begun = append(made, r.CreatedAt.Sub(at).Seconds()), append(begun, r.StartedAt.Sub(at).Seconds())
		}
	}
	if err == nil && len(begun) < tasks {
		err = fmt.Errorf("%d of %d tasks were begun", len(begun), tasks)
	}
	return made, begun, err
}
