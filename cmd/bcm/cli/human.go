package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// size writes a number of bytes in binary units, with three digits.
func size(n int64) string {
	const unit = 1024
	if n < 0 {
		return "-" + size(-n)
	}
	if n < unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, prefixes := float64(n), "KMGTPE"
	i := -1
	for v >= 999.5 && i < len(prefixes)-1 {
		v /= unit
		i++
	}
	digits := 0
	switch {
	case v < 9.995:
		digits = 2
	case v < 99.95:
		digits = 1
	}
	return fmt.Sprintf("%.*f %ciB", digits, v, prefixes[max(i, 0)])
}

// ago writes how long before or after now a moment is, in its greatest unit:
// "12s ago", "in 3d". It is "never" for the zero time.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d.Abs() < time.Second:
		return "now"
	case d < 0:
		return "in " + short(-d)
	}
	return short(d) + " ago"
}

// short writes a duration in its greatest unit.
func short(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 2*day:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d < 730*day:
		return strconv.Itoa(int(d/day)) + "d"
	}
	return strconv.Itoa(int(d/(365*day))) + "y"
}

// lasted writes how long something took, to the second once it took long.
func lasted(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// count writes a number with its digits in groups of three.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes "1 backup" and "2 backups".
func plural[N int | int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return count(int64(n)) + " " + noun
}

// clean takes out of a text what could drive a terminal: texts come from other
// hosts. Line ends and tabs stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// line is clean in one line.
func line(s string) string {
	return strings.Join(strings.Fields(clean(s)), " ")
}

// paragraph makes what may come from elsewhere fit for a terminal, line by line.
func paragraph(s string) string {
	all := strings.Split(s, "\n")
	for i := range all {
		all[i] = clean(all[i])
	}
	return strings.Join(all, "\n")
}

// labels writes labels as they are given on the command line, sorted.
func labels(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for k, v := range m {
		pairs = append(pairs, k+"="+v)
	}
	return strings.Join(sortedStrings(pairs), ",")
}
