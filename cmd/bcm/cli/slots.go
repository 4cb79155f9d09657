package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

// slotFlags are the flags of what lists slots.
type slotFlags struct {
	json  bool
	count int
}

func (s *slotFlags) flags(cmd *cobra.Command) {
	jsonFlag(cmd, &s.json)
	cmd.Flags().IntVarP(&s.count, "count", "n", 10, "how many, at most 100")
}

// list asks for slots and writes them.
func (s *slotFlags) list(a *app, cmd *cobra.Command, method, path string, body any) error {
	g, err := a.grid()
	if err != nil {
		return err
	}
	data, err := g.call(cmd.Context(), method, path, url.Values{"count": {strconv.Itoa(s.count)}}, body)
	if err != nil {
		return err
	}
	var p page
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return listing[client.Slot]{what: "slots", columns: slotColumns}.write(a, cmd, listOptions{json: s.json}, p)
}

func slotColumns(a *app) []column[client.Slot] {
	return []column[client.Slot]{
		{title: "at", of: func(s client.Slot) string { return s.Local.Format("Mon 2006-01-02 15:04 -0700") }},
		{title: "utc", of: func(s client.Slot) string { return s.At.UTC().Format(time.RFC3339) }},
		{title: "in", of: func(s client.Slot) string { return ago(s.At, a.now()) }},
		{title: "others", of: func(s client.Slot) string { return figure(s.Others, count) }, right: true},
		{title: "started in the same minute", of: collisions},
	}
}

// collisions names what else is started in the minute of a slot.
func collisions(s client.Slot) string {
	names := strings.Join(s.Tasks, ", ")
	if more := s.Others - int64(len(s.Tasks)); more > 0 {
		return fmt.Sprintf("%s and %d more", names, more)
	}
	return names
}

func (a *app) scheduleNext() *cobra.Command {
	var s slotFlags
	cmd := &cobra.Command{
		Use:               "next SCHEDULE",
		Short:             "When a schedule starts its tasks next, and what else is started then",
		Args:              Takes("SCHEDULE"),
		ValidArgsFunction: a.firstArg(scheduleRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.list(a, cmd, "GET", at("schedules", args[0], "next"), nil)
		},
	}
	s.flags(cmd)
	return cmd
}

func (a *app) schedulePreview() *cobra.Command {
	var s slotFlags
	var of scheduleFlags
	cmd := &cobra.Command{
		Use:     "preview --cron EXPRESSION",
		Short:   "When a schedule would start its tasks, and what else is started then",
		Example: "  bcm schedule preview --on 'first sun 02:30' --zone Europe/Berlin",
		Args:    Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := of.whole(cmd)
			if err != nil {
				return err
			}
			body["name"] = "preview"
			return s.list(a, cmd, "POST", at("schedules", "preview"), body)
		},
	}
	of.flags(cmd)
	s.flags(cmd)
	return cmd
}

func (a *app) schedulePause() *cobra.Command {
	var r result
	var until string
	cmd := &cobra.Command{
		Use:               "pause SCHEDULE",
		Short:             "Let a schedule start nothing for a while; what it passes over is not made up for",
		Example:           "  bcm schedule pause nightly --until 2026-12-27\n  bcm schedule pause nightly --until 12h",
		Args:              Takes("SCHEDULE"),
		ValidArgsFunction: a.firstArg(scheduleRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := changes{"paused": true}
			if until != "" {
				at, err := a.ahead("until", until)
				if err != nil {
					return err
				}
				body["paused_until"] = at
			}
			return a.patch(cmd, schedulePath(args[0]), body, &r, "schedule "+args[0]+" is paused")
		},
	}
	cmd.Flags().StringVar(&until, "until", "", "when it goes on by itself: a moment, a day, or in how long, as 12h or 3d; until it is resumed when not given")
	r.flags(cmd)
	return cmd
}

func (a *app) scheduleResume() *cobra.Command {
	var r result
	cmd := &cobra.Command{
		Use:               "resume SCHEDULE",
		Short:             "Let a schedule that is paused start tasks again, with the next time that it names",
		Args:              Takes("SCHEDULE"),
		ValidArgsFunction: a.firstArg(scheduleRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.patch(cmd, schedulePath(args[0]), changes{"paused": false}, &r, "schedule "+args[0]+" is resumed")
		},
	}
	r.flags(cmd)
	return cmd
}

// patch changes an object and says what it is then.
func (a *app) patch(cmd *cobra.Command, path string, body changes, r *result, says string) error {
	data, err := a.send(cmd, "PATCH", path, body)
	if err != nil {
		return err
	}
	return r.write(cmd, data, "%s", says)
}
