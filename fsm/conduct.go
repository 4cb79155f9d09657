package fsm

import "time"

// Conduct is how the backups of a task behave: how urgent they are, how long they
// may take, what is run before and after, and how much of the network is theirs.
type Conduct struct {
	Labels     map[string]string `cbor:"labels,omitempty"`
	Priority   int8              `cbor:"priority,omitempty"`    // of two that wait, the greater is begun first
	MaxRuntime time.Duration     `cbor:"max_runtime,omitempty"` // of an attempt, which has failed then; 0 is without end
	Retry      Retry             `cbor:"retry,omitzero"`
	Bandwidth  []Bandwidth       `cbor:"bandwidth,omitempty"`
	Pre        []string          `cbor:"pre,omitempty"`        // command and arguments, run on the backup manager before
	Post       []string          `cbor:"post,omitempty"`       // and after, whatever came of the backup
	HookLimit  time.Duration     `cbor:"hook_limit,omitempty"` // how long each of them may take; 0 is DefaultHookLimit
}

// ConductChange is what should become different in a [Conduct].
type ConductChange struct {
	Labels     Opt[map[string]string] `cbor:"labels,omitempty"`
	Priority   Opt[int8]              `cbor:"priority,omitempty"`
	MaxRuntime Opt[time.Duration]     `cbor:"max_runtime,omitempty"`
	Retry      Opt[Retry]             `cbor:"retry,omitempty"`
	Bandwidth  Opt[[]Bandwidth]       `cbor:"bandwidth,omitempty"`
	Pre        Opt[[]string]          `cbor:"pre,omitempty"`
	Post       Opt[[]string]          `cbor:"post,omitempty"`
	HookLimit  Opt[time.Duration]     `cbor:"hook_limit,omitempty"`
}

// Apply makes the change.
func (c *ConductChange) Apply(to *Conduct) {
	set(&to.Labels, c.Labels)
	set(&to.Priority, c.Priority)
	set(&to.MaxRuntime, c.MaxRuntime)
	set(&to.Retry, c.Retry)
	set(&to.Bandwidth, c.Bandwidth)
	set(&to.Pre, c.Pre)
	set(&to.Post, c.Post)
	set(&to.HookLimit, c.HookLimit)
}

// DefaultHookLimit is how long the commands before and after a backup may take
// unless a task says otherwise.
const DefaultHookLimit = 10 * time.Minute

// Retry says whether a backup that has failed is tried again. The pause doubles
// with each attempt.
type Retry struct {
	Attempts int32         `cbor:"attempts,omitempty"` // in all; 0 and 1 are without another
	Pause    time.Duration `cbor:"pause,omitempty"`    // before the second
}

// Bounds on retries.
const (
	maxRetries   = 100
	minPause     = time.Second
	defaultPause = time.Minute
	longestPause = 6 * time.Hour
)

// after is the time between the end of an attempt and the next.
func (r Retry) after(attempt int32) time.Duration {
	wait := max(r.Pause, minPause) << min(max(attempt-1, 0), 16)
	return min(wait, max(r.Pause, longestPause))
}

// Bandwidth is how many bytes a second a backup may write to storage at some time
// of the day. Of several at the same time the least counts.
type Bandwidth struct {
	Rate int64  `cbor:"rate" json:"rate"`
	From string `cbor:"from,omitempty" json:"from,omitempty"` // as 08:00; with To empty it is always
	To   string `cbor:"to,omitempty" json:"to,omitempty"`     // before From, it is on the next day
	Zone string `cbor:"zone,omitempty" json:"zone,omitempty"` // an IANA name, which the door has looked up; UTC when empty
}

// minRate is the least that still lets a backup come to an end.
const minRate = 1 << 10

// At tells the rate at a moment, 0 when it is not limited, and how long that stays
// so at least; zones are looked up by the caller.
func (b *Bandwidth) At(now time.Time, zone *time.Location) (rate int64, rest time.Duration) {
	from, err := timeOfDay(b.From)
	to, err2 := timeOfDay(b.To)
	if b.From == b.To || err != nil || err2 != nil {
		return b.Rate, 24 * time.Hour
	}
	local := now.In(zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	until := func(edge time.Duration) time.Duration {
		if edge <= clock {
			edge += 24 * time.Hour
		}
		return edge - clock
	}
	rest = min(until(from), until(to))
	inside := from <= clock && clock < to
	if to < from {
		inside = clock >= from || clock < to
	}
	if inside {
		return b.Rate, rest
	}
	return 0, rest
}

func (c *Conduct) check() error {
	switch {
	case c.Priority < -100 || c.Priority > 100:
		return invalidField("priority", "lies between -100 and 100")
	case c.MaxRuntime < 0 || c.MaxRuntime > maxSpan || c.MaxRuntime > 0 && c.MaxRuntime < time.Minute:
		return invalidField("max_runtime", "lies between 1m and %s, or is 0 for without end", maxSpan)
	case c.Retry.Attempts < 0 || c.Retry.Attempts > maxRetries:
		return invalidField("retry.attempts", "lies between 0 and %d", maxRetries)
	case c.Retry.Pause < 0 || c.Retry.Pause > maxSpan || c.Retry.Pause > 0 && c.Retry.Pause < minPause:
		return invalidField("retry.pause", "lies between %s and %s", minPause, maxSpan)
	case c.HookLimit < 0 || c.HookLimit > 24*time.Hour || c.HookLimit > 0 && c.HookLimit < time.Second:
		return invalidField("command_timeout", "lies between 1s and 24h, or is 0 for %s", DefaultHookLimit)
	case len(c.Bandwidth) > maxRules:
		return invalidField("bandwidth", "takes at most %d limits", maxRules)
	}
	if c.Retry.Attempts > 1 && c.Retry.Pause == 0 {
		c.Retry.Pause = defaultPause
	}
	for _, b := range c.Bandwidth {
		if err := b.check(); err != nil {
			return err
		}
	}
	if err := checkHook("pre", c.Pre); err != nil {
		return err
	}
	if err := checkHook("post", c.Post); err != nil {
		return err
	}
	return checkLabels(c.Labels)
}

func (b *Bandwidth) check() error {
	if b.Rate < minRate {
		return invalidField("bandwidth", "a rate is at least %d bytes a second", minRate)
	}
	if b.From == "" && b.To == "" {
		return nil
	}
	for _, text := range []string{b.From, b.To} {
		if _, err := timeOfDay(text); err != nil {
			return invalidField("bandwidth", "%q is not a time of day; an example is 08:00", text)
		}
	}
	if b.From == b.To {
		return invalidField("bandwidth", "from and to are the same; leave both out for a limit at all times")
	}
	return nil
}

func checkHook(field string, command []string) error {
	if len(command) > 0 && command[0] == "" {
		return invalidField(field, "begins with an empty word; it is a program and its arguments")
	}
	size := 0
	for _, word := range command {
		size += len(word)
	}
	if size > 64<<10 {
		return invalidField(field, "is longer than 64 KiB")
	}
	return nil
}
