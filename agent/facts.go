package agent

import (
	"context"
	"time"

	"bcm/fsm"
)

const (
	factsEvery  = 5 * time.Second // how often they are compared
	factsAtMost = time.Minute     // how old a small change of capacity gets before it is told
)

// keepFacts tells the cluster how the node is when that differs from what it
// told last.
func (a *Agent) keepFacts(ctx context.Context) error {
	if a.cfg.Facts == nil {
		return nil
	}
	var told fsm.ReportNode
	var when time.Time
	for {
		now := a.cfg.Facts()
		now.ID = a.cfg.Node
		if worthTelling(told, now, time.Since(when)) {
			one, cancel := context.WithTimeout(ctx, reportTimeout)
			err := a.cfg.Cluster.Report(one, a.cfg.Node, &now)
			cancel()
			if err == nil {
				told, when = now, time.Now()
			} else if ctx.Err() == nil {
				a.log.Debug("facts not told", "error", err)
			}
		}
		if !pause(ctx, jitter(factsEvery)) {
			return nil
		}
	}
}

// worthTelling tells whether now differs enough from what was told. Each telling
// is an entry in the log of the whole grid, so that a disk that fills up slowly
// is not told byte by byte.
func worthTelling(told, now fsm.ReportNode, age time.Duration) bool {
	was, is := told.Capacity, now.Capacity
	told.Capacity, now.Capacity = fsm.Capacity{}, fsm.Capacity{}
	if told != now || was.Total != is.Total || was.Lost != is.Lost {
		return true
	}
	if was == is {
		return false
	}
	moved := max(was.Used-is.Used, is.Used-was.Used, was.Free-is.Free, is.Free-was.Free)
	return age > factsAtMost || moved > is.Total/100
}
