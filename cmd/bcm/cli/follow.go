package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
	"bcm/fsm"
)

// run is what a [client.Backup] and a [client.Job] have in common.
type run struct {
	ID         string           `json:"id"`
	Status     fsm.Status       `json:"status"`
	Attempt    int              `json:"attempt"`
	Node       string           `json:"node"`
	Error      string           `json:"error"`
	Progress   *client.Progress `json:"progress"`
	StartedAt  time.Time        `json:"started_at"`
	FinishedAt time.Time        `json:"finished_at"`
	Stats      client.Stats     `json:"stats"`
	Changes    []client.Change  `json:"changes"` // of a restore
}

// followed is a run that is waited for.
type followed struct {
	what string // "backup", "restore"
	id   string
	path string
	done func(r run) string // what to say when it went well
}

// follow waits for the end of a run and shows how far it is: a bar on a
// terminal, lines elsewhere; what it is asked to write at the end says r. It is an error of the kind unwished when the run
// did not go well.
func (a *app) follow(cmd *cobra.Command, g *grid, f followed, r *result) error {
	shown := a.display(cmd, f.what+" "+f.id)
	defer shown.end()
	var last run
	var data []byte
	err := a.each(cmd.Context(), cmd.ErrOrStderr(), func() (bool, error) {
		var err error
		if data, err = g.call(cmd.Context(), "GET", f.path, nil, nil); err != nil {
			return false, err
		}
		last = run{}
		if err := json.Unmarshal(data, &last); err != nil {
			return false, fmt.Errorf("reading the answer: %w", err)
		}
		shown.update(last)
		return last.Status.Ended(), nil
	})
	shown.end()
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(cmd.ErrOrStderr(), "the %s goes on without being watched: %s\n", f.what, f.id)
	}
	if err != nil {
		return err
	}
	if r.json {
		if err := writeJSON(cmd.OutOrStdout(), json.RawMessage(data)); err != nil {
			return err
		}
	}
	return f.verdict(cmd.OutOrStdout(), last, r.json || r.quiet)
}

// verdict says how a run has ended.
func (f followed) verdict(out io.Writer, r run, silent bool) error {
	switch r.Status {
	case fsm.Succeeded:
		if !silent {
			fmt.Fprintln(out, paragraph(f.done(r)))
		}
		return nil
	case fsm.Warning:
		if !silent {
			fmt.Fprintf(out, "%s\nwith %s: %s\n", paragraph(f.done(r)), plural(max(r.Stats.Warnings, 1), "warning"), line(r.Error))
		}
		return nil
	}
	why := ""
	if r.Error != "" {
		why = ": " + line(r.Error)
	}
	return unwishedf("%s %s: %s%s", f.what, f.id, r.Status, why)
}

// summary writes the figures of the run once it has ended.
func (r run) summary() string { return summary(r.Stats, r.StartedAt, r.FinishedAt) }

func summary(s client.Stats, from, to time.Time) string {
	text := fmt.Sprintf("%s, %s", plural(s.Files, "file"), size(s.Bytes))
	if s.NewBytes > 0 {
		text += fmt.Sprintf(" (%s new)", size(s.NewBytes))
	}
	if !from.IsZero() && !to.IsZero() {
		text += " in " + lasted(to.Sub(from))
	}
	return text
}

// patience is how long a verb that waits goes on while no manager answers: much
// longer than an election takes.
const patience = 2 * time.Minute

// each looks again and again until what it waits for has come. Managers may die
// meanwhile: what is surely temporary is tried again for a while.
func (a *app) each(ctx context.Context, errs io.Writer, look func() (done bool, err error)) error {
	tick := time.NewTicker(a.poll)
	defer tick.Stop()
	var silent time.Time
	for {
		done, err := look()
		switch {
		case err == nil && done:
			return nil
		case err == nil:
			silent = time.Time{}
		case ctx.Err() != nil:
			return ctx.Err()
		case !temporary(err):
			return err
		case silent.IsZero():
			silent = a.now()
			fmt.Fprintln(errs, "no manager answers at the moment; trying again")
		case a.now().Sub(silent) > patience:
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
