package api

import (
	"time"

	"bcm/fsm"
)

// Conduct is how the backups of a task behave.
type Conduct struct {
	Labels         map[string]string `json:"labels"`
	Priority       int8              `json:"priority" doc:"Of two that wait the greater is begun first, -100 to 100"`
	MaxRuntime     string            `json:"max_runtime" doc:"After which an attempt is stopped and has failed, as a duration; empty is without end"`
	Retry          Retry             `json:"retry"`
	Bandwidth      []Bandwidth       `json:"bandwidth"`
	Pre            []string          `json:"pre" doc:"Command and arguments, run on the backup manager before; if it fails, so does the backup"`
	Post           []string          `json:"post" doc:"Run after, whatever came of the backup; if it fails, that is a warning"`
	CommandTimeout string            `json:"command_timeout" doc:"How long each of the two may take"`
}

// ConductInput is what should be in, or become different in, how the backups of a
// task behave.
type ConductInput struct {
	Labels         *map[string]string `json:"labels,omitempty"`
	Priority       *int8              `json:"priority,omitempty" doc:"Of two that wait the greater is begun first, -100 to 100"`
	MaxRuntime     *string            `json:"max_runtime,omitempty" doc:"After which an attempt is stopped and has failed; empty is without end" example:"6h"`
	Retry          *Retry             `json:"retry,omitempty"`
	Bandwidth      *[]Bandwidth       `json:"bandwidth,omitempty" doc:"Of several at the same time the least counts"`
	Pre            *[]string          `json:"pre,omitempty" doc:"Command and arguments, run on the backup manager before; if it fails, so does the backup"`
	Post           *[]string          `json:"post,omitempty" doc:"Run after, whatever came of the backup; if it fails, that is a warning"`
	CommandTimeout *string            `json:"command_timeout,omitempty" doc:"How long each of the two may take; 10m unless said otherwise"`
}

// Retry says whether a backup that has failed is tried again.
type Retry struct {
	Attempts int32  `json:"attempts" doc:"In all; 0 and 1 are without another"`
	Pause    string `json:"pause,omitempty" doc:"Before the second attempt; it doubles with each. 1m unless said otherwise" example:"5m"`
}

// Bandwidth is how much a backup may write to storage at some time of the day.
type Bandwidth struct {
	Rate int64  `json:"rate" doc:"Bytes a second"`
	From string `json:"from,omitempty" doc:"Time of day; always without from and to" example:"08:00"`
	To   string `json:"to,omitempty" doc:"Time of day; before from it is on the next day" example:"18:00"`
	Zone string `json:"zone,omitempty" doc:"Of the times, an IANA name; UTC unless said otherwise"`
}

func showConduct(c *fsm.Conduct) Conduct {
	out := Conduct{Labels: labelsOf(c.Labels), Priority: c.Priority, MaxRuntime: spanOf(c.MaxRuntime),
		Retry: Retry{c.Retry.Attempts, spanOf(c.Retry.Pause)}, Bandwidth: []Bandwidth{},
		Pre: some(c.Pre), Post: some(c.Post), CommandTimeout: spanOf(c.HookLimit)}
	for _, b := range c.Bandwidth {
		out.Bandwidth = append(out.Bandwidth, Bandwidth(b))
	}
	if c.HookLimit == 0 && len(c.Pre)+len(c.Post) > 0 {
		out.CommandTimeout = fsm.DefaultHookLimit.String()
	}
	return out
}

// change makes the change of a task's conduct.
func (in *ConductInput) change() (out fsm.ConductChange, err error) {
	out.Labels, out.Priority, out.Pre, out.Post = in.Labels, in.Priority, in.Pre, in.Post
	if out.MaxRuntime, err = span("max_runtime", in.MaxRuntime); err != nil {
		return out, err
	}
	if out.HookLimit, err = span("command_timeout", in.CommandTimeout); err != nil {
		return out, err
	}
	if in.Retry != nil {
		var pause time.Duration
		if pause, err = duration("retry.pause", in.Retry.Pause, 0); err != nil {
			return out, err
		}
		out.Retry = &fsm.Retry{Attempts: in.Retry.Attempts, Pause: pause}
	}
	if in.Bandwidth != nil {
		limits := []fsm.Bandwidth{}
		for _, b := range *in.Bandwidth {
			if err := checkZone(b.Zone); err != nil {
				return out, invalid("bandwidth", "%v", err)
			}
			limits = append(limits, fsm.Bandwidth(b))
		}
		out.Bandwidth = &limits
	}
	return out, nil
}

// conduct makes the conduct of a task to be made.
func (in *ConductInput) conduct() (out fsm.Conduct, err error) {
	change, err := in.change()
	if err == nil {
		change.Apply(&out)
	}
	return out, err
}
