package sesam

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bcm/fsm"
)

// levels are the words for levels on a server.
var levels = map[fsm.Level]string{fsm.Full: "FULL", fsm.Incremental: "INCR", fsm.Differential: "DIFF", fsm.Copy: "COPY"}

// The pace at which a backup on a server is followed.
const (
	followPace = time.Second
	appearIn   = 2 * time.Minute // a backup that was started stands among the results by then
	lostFor    = 10 * time.Minute
)

// launch starts a task on a server and follows the backup to its end. A start whose
// answer was lost is not repeated: the server may have heard it.
func (r *Role) launch(ctx context.Context, o fsm.Order, progress func(fsm.Progress)) (fsm.Outcome, error) {
	r.mu.Lock()
	w := r.watchOf(o.Servers[0])
	r.mu.Unlock()
	before, err := w.resultsOf(ctx, o.Launch.Task)
	if err != nil {
		return fsm.Outcome{}, err
	}
	_, err = w.post(ctx, v2+"backups/start", []any{map[string]any{"taskName": o.Launch.Task, "backupLevel": levels[o.Launch.Level]}})
	if err != nil && !errors.Is(err, ErrUnreachable) {
		return fsm.Outcome{}, err
	}
	result, err := w.follow(ctx, o.Launch.Task, before, r.cfg.Pace, progress)
	if err != nil {
		return fsm.Outcome{}, err
	}
	out := fsm.Outcome{Status: fsm.Status(stateOf(result.text("state"))), Stats: fsm.Stats{Bytes: result.number("dataSize")},
		Warnings: []string{"saveset " + result.text("savesetId") + ": " + result.text("msg")}}
	if out.Status == fsm.Failed || out.Status == fsm.Cancelled {
		out.Error = fmt.Sprintf("saveset %s: %s", result.text("savesetId"), result.text("msg"))
	}
	return out, nil
}

// resultsOf gives the results of a task by their ids.
func (c *client) resultsOf(ctx context.Context, task string) (map[string]object, error) {
	v, err := c.post(ctx, v2+"backups/find", map[string]string{"task": task})
	if err != nil {
		return nil, err
	}
	list, ok := v.objects()
	if !ok {
		return nil, fmt.Errorf("%w: a list was expected", ErrProtocol)
	}
	found := make(map[string]object)
	for _, o := range list {
		if id := o.text("savesetId"); id != "" && o.text("task") == task {
			found[id] = o
		}
	}
	return found, nil
}

// follow waits for the end of the backup that was not there before.
func (w *watch) follow(ctx context.Context, task string, before map[string]object, pace time.Duration, progress func(fsm.Progress)) (object, error) {
	begun, heard, id := time.Now(), time.Now(), ""
	tick := time.NewTicker(min(pace, followPace))
	defer tick.Stop()
	for {
		now, err := w.resultsOf(ctx, task)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil && time.Since(heard) > lostFor:
			return nil, fmt.Errorf("not followed any more: %w", err)
		case err == nil:
			heard = time.Now()
			if id == "" {
				id = fresh(before, now)
			}
			if result, ok := now[id]; ok {
				progress(fsm.Progress{Phase: result.text("state"), Bytes: result.number("dataSize"), Item: id})
				if fsm.Status(stateOf(result.text("state"))).Ended() {
					w.again(ctx)
					return result, nil
				}
			} else if time.Since(begun) > appearIn {
				return nil, fmt.Errorf("the server started no backup of task %s that could be found within %v", task, appearIn)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// fresh is the first of the results that were not there before.
func fresh(before, now map[string]object) string {
	var ids []string
	for id := range now {
		if before[id] == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return slices.Min(ids)
}
