package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"bcm/agent"
	"bcm/fsm"
)

const (
	// The command after a backup that has been cancelled, and after one that must end
	// at once, may take so long.
	postCancelled = time.Minute
	postStopping  = 5 * time.Second
	// toldOfHook is how many lines of what a command has said are told.
	toldOfHook = 20
)

// hooks are the commands before and after one backup.
type hooks struct {
	order   fsm.Order
	conduct fsm.Conduct
	log     []string // what they have said
}

func hooksOf(o fsm.Order) *hooks {
	h := &hooks{order: o}
	if o.Conduct != nil {
		h.conduct = *o.Conduct
	}
	if h.conduct.HookLimit == 0 {
		h.conduct.HookLimit = fsm.DefaultHookLimit
	}
	return h
}

// before runs the command before the backup. If it fails, so does the backup.
func (h *hooks) before(ctx context.Context) error {
	return h.run(ctx, "the command before the backup", h.conduct.Pre, h.conduct.HookLimit, "running")
}

// after runs the command after the backup, whatever came of it and however it was
// ended, and adds to the outcome what is to be told of both.
func (h *hooks) after(ctx context.Context, out *fsm.Outcome, failure error) {
	limit := h.conduct.HookLimit
	status := fsm.Succeeded
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), agent.ErrCancelled):
		limit, status = min(limit, postCancelled), fsm.Cancelled
	case ctx.Err() != nil:
		limit, status = min(limit, postStopping), fsm.Interrupted
	case failure != nil:
		status = fsm.Failed
	case len(out.Warnings) > 0:
		status = fsm.Warning
	}
	err := h.run(context.WithoutCancel(ctx), "the command after the backup", h.conduct.Post, limit, status)
	if err != nil {
		out.Warnings = append(out.Warnings, told([]Warning{{Path: "after the backup", Reason: err.Error()}})...)
		out.Stats.Warnings++
	}
	out.Log = append(out.Log, h.log...)
}

// run runs a command, in a process group of its own that dies with it when it takes
// too long, and notes what it said.
func (h *hooks) run(ctx context.Context, what string, command []string, limit time.Duration, status fsm.Status) error {
	if len(command) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %s and was killed", limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "BCM_BACKUP="+h.order.ID, "BCM_TASK="+h.order.Task, "BCM_CLIENT="+h.order.Client,
		"BCM_ATTEMPT="+strconv.Itoa(int(h.order.Attempt)), "BCM_STATUS="+string(status))
	Confine(cmd)
	said := &Tail{}
	cmd.Stdout, cmd.Stderr = said, said
	begin := time.Now()
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		err = nil // it has ended well, and left something running
	}
	took := time.Since(begin).Round(time.Millisecond)
	h.note(what, command[0], took, err, said)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	if last := said.Last(); last != "" {
		return fmt.Errorf("%s, %s: %w: %s", what, command[0], err, last)
	}
	return fmt.Errorf("%s, %s: %w", what, command[0], err)
}

// note keeps what is to be told of a command.
func (h *hooks) note(what, program string, took time.Duration, err error, said *Tail) {
	end := "ended well"
	if err != nil {
		end = err.Error()
	}
	h.log = append(h.log, fmt.Sprintf("%s, %s, %s after %s", what, program, end, took))
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if over := len(lines) - toldOfHook; over > 0 {
		lines = lines[over:]
	}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			h.log = append(h.log, bounded(program+": "+line))
		}
	}
}
