package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bcm/api/client"
	"bcm/fsm"
)

// ordinals are which of the weekdays of a month is meant, and what the API calls it.
var ordinals = []struct {
	word string
	nth  int
}{{"first", 1}, {"second", 2}, {"third", 3}, {"fourth", 4}, {"fifth", 5}, {"last", -1}}

// rulesOf reads the rules of a calendar.
func rulesOf(texts []string) ([]fsm.Rule, error) {
	rules := make([]fsm.Rule, 0, len(texts))
	for _, text := range texts {
		r, ok := ruleOf(strings.Fields(strings.ToLower(text)))
		if !ok {
			return nil, Usagef("--on %q: write it as 'daily 02:30', 'mon,fri 18:00 22:00', 'day 15 02:30', 'last day 23:00' or 'first sun 02:30'", text)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// ruleOf reads one rule: its days, and the times of day behind them.
func ruleOf(words []string) (r fsm.Rule, ok bool) {
	split := slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, ":") })
	if split < 1 {
		return r, false
	}
	days := words[:split]
	r.At = words[split:]
	for _, o := range ordinals {
		if days[0] == o.word {
			r.Nth, days = o.nth, days[1:]
			break
		}
	}
	switch {
	case len(days) == 1 && days[0] == "daily" && r.Nth == 0:
	case len(days) == 1 && days[0] == "day" && r.Nth == -1:
		r.Nth, r.Day = 0, -1
	case len(days) == 2 && days[0] == "day" && r.Nth == 0:
		n, err := strconv.Atoi(days[1])
		r.Day = n
		return r, err == nil && n != 0
	case len(days) == 1 && days[0] != "daily":
		r.Weekdays = strings.Split(days[0], ",")
	default:
		return r, false
	}
	return r, true
}

// ruleText writes a rule as it is read.
func ruleText(r client.Rule) string {
	days := "daily"
	weekdays := strings.Join(value(r.Weekdays), ",")
	switch day := value(r.Day); {
	case day == -1:
		days = "last day"
	case day != 0:
		days = fmt.Sprintf("day %d", day)
	case weekdays != "":
		days = weekdays
		for _, o := range ordinals {
			if int64(o.nth) == value(r.Nth) {
				days = o.word + " " + weekdays
			}
		}
	}
	return days + " " + strings.Join(r.At, " ")
}
