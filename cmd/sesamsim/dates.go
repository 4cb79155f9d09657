package main

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the zone of the server is known on any host
)

// datePattern is a Java date pattern, as the header X-Sesam-Dateformat brings
// it: yyyy-MM-dd HH:mm:ss.
type datePattern string

// format writes a moment (ms since 1970) in the pattern.
func (p datePattern) format(ms int64, zone *time.Location) string {
	at := time.UnixMilli(ms).In(zone)
	var b strings.Builder
	in := []rune(string(p))
	for i := 0; i < len(in); {
		c := in[i]
		n := 1
		if c == '\'' {
			i += quoted(&b, in[i:])
			continue
		}
		for i+n < len(in) && in[i+n] == c {
			n++
		}
		letters(&b, at, c, n)
		i += n
	}
	return b.String()
}

// quoted copies a text in single quotes, two of them being one, and returns how
// many characters it took.
func quoted(b *strings.Builder, in []rune) int {
	if len(in) > 1 && in[1] == '\'' {
		b.WriteByte('\'')
		return 2
	}
	for i := 1; i < len(in); i++ {
		if in[i] != '\'' {
			b.WriteRune(in[i])
			continue
		}
		if i+1 < len(in) && in[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return i + 1
	}
	return len(in)
}

// letters writes a run of n equal letters; what is no letter of a pattern
// stands for itself.
func letters(b *strings.Builder, at time.Time, c rune, n int) {
	number := func(v int) { fmt.Fprintf(b, "%0*d", n, v) }
	switch c {
	case 'y':
		if n == 2 {
			number(at.Year() % 100)
			return
		}
		number(at.Year())
	case 'M':
		switch {
		case n >= 4:
			b.WriteString(at.Month().String())
		case n == 3:
			b.WriteString(at.Month().String()[:3])
		default:
			number(int(at.Month()))
		}
	case 'd':
		number(at.Day())
	case 'D':
		number(at.YearDay())
	case 'H':
		number(at.Hour())
	case 'h':
		number((at.Hour()+11)%12 + 1)
	case 'm':
		number(at.Minute())
	case 's':
		number(at.Second())
	case 'S':
		number(at.Nanosecond() / 1_000_000)
	case 'a':
		b.WriteString(at.Format("PM"))
	case 'E':
		b.WriteString(at.Format(map[bool]string{true: "Monday", false: "Mon"}[n >= 4]))
	case 'z':
		b.WriteString(at.Format("MST"))
	case 'Z':
		b.WriteString(at.Format("-0700"))
	case 'X':
		b.WriteString(at.Format("Z07:00"))
	default:
		b.WriteString(strings.Repeat(string(c), n))
	}
}
