package fsm

import "time"

// Time is a moment in nanoseconds since 1970 in UTC; zero means never. A third
// of the size of a time.Time, it keeps a record of a backup small, and it has
// one encoding.
type Time int64

// At makes a Time of t; the zero time.Time becomes never.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixNano())
}

// Time gives t as a time.Time in UTC; never becomes the zero time.Time.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(t)).UTC()
}

// IsZero tells whether t is never.
func (t Time) IsZero() bool { return t == 0 }

// Add gives the moment d after t.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// Sub gives the time that passed between u and t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

func (t Time) String() string {
	if t == 0 {
		return "never"
	}
	return t.Time().Format(time.RFC3339)
}
