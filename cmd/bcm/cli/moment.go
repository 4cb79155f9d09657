package cli

import (
	"strconv"
	"strings"
	"time"
)

// moment reads a moment as people give it on a command line: RFC 3339, a day, or
// how long ago it was ("90m", "24h", "7d"). It gives RFC 3339 in UTC.
func (a *app) moment(flag, text string) (string, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t.UTC().Format(time.RFC3339), nil
		}
	}
	if d, err := duration(text); err == nil && d >= 0 {
		return a.now().Add(-d).UTC().Format(time.RFC3339), nil
	}
	return "", Usagef("--%s %q: write a moment as 2026-01-31T18:00:00Z, a day as 2026-01-31, or how long ago as 24h or 7d", flag, text)
}

// ahead reads a moment to come: as [app.moment] does, or in how long it is.
func (a *app) ahead(flag, text string) (string, error) {
	if d, err := duration(text); err == nil && d > 0 {
		return a.now().Add(d).UTC().Format(time.RFC3339), nil
	}
	return a.moment(flag, text)
}

// duration reads a duration as Go writes it, and days with a d.
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// instant writes a moment in full and how long ago it was, "" for the zero time.
func (a *app) instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339) + " (" + ago(t, a.now()) + ")"
}

// bytesOf reads a size: a number of bytes, or one with a unit (10GiB, 500MB).
func bytesOf(flag, text string) (int64, error) {
	units := []struct {
		suffix string
		bytes  float64
	}{
		{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40}, {"pib", 1 << 50},
		{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"pb", 1e15},
		{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"t", 1 << 40}, {"p", 1 << 50}, {"b", 1}, {"", 1},
	}
	number := strings.ToLower(strings.TrimSpace(text))
	for _, u := range units {
		rest, ok := strings.CutSuffix(number, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
		if err != nil || !(n >= 0 && n*u.bytes < 1<<62) {
			break
		}
		return int64(n * u.bytes), nil
	}
	return 0, Usagef("--%s %q: write a size as 500MB or 10GiB", flag, text)
}
