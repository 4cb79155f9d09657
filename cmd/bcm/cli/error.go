package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"bcm/api/client"
	"bcm/fsm"
)

// Exit codes of the binary.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2 // the command, or what it asked for, is written wrongly
	exitUnwished = 3 // the thing asked about is not in the wished state
)

// usageError says that a command was written wrongly.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// Usagef makes an error with the exit code of a wrongly written command.
func Usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// unwishedError says that all went well, and that what was asked about is not as
// it should be.
type unwishedError struct{ message string }

func (e *unwishedError) Error() string { return e.message }

func unwishedf(format string, args ...any) error {
	return &unwishedError{fmt.Sprintf(format, args...)}
}

// ExitCode is the exit code that tells a script how a command ended: 0 when err
// is nil; 3 when the thing asked about is not in the wished state; 2 when the
// command, or a value in it, is wrong, whether found here or by the grid; else 1.
func ExitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if _, ok := errors.AsType[*unwishedError](err); ok {
		return exitUnwished
	}
	if _, ok := errors.AsType[*usageError](err); ok || fsm.CodeOf(err) == fsm.Invalid {
		return exitUsage
	}
	return exitFailed
}

// PrintError writes err for people, once, and what they can do about it. It is
// for the end of main: nothing in this package prints an error that it returns.
func PrintError(w io.Writer, err error) {
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "bcm: interrupted")
		return
	}
	text := clean(err.Error())
	if !strings.HasPrefix(text, "bcm ") { // which names the command itself
		text = "bcm: " + text
	}
	fmt.Fprintln(w, text)
	if r, ok := errors.AsType[*client.Refusal](err); ok && r.Status >= 500 && r.RequestID != "" {
		fmt.Fprintf(w, "  (request %s, in the log of the manager)\n", clean(r.RequestID))
	}
	refused, ok := errors.AsType[*fsm.Error](err)
	if !ok {
		return
	}
	for _, f := range refused.Fields {
		if line := clean(f.Field + ": " + f.Message); line != clean(refused.Message) {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	if hint := hints[refused.Code]; hint != "" {
		fmt.Fprintln(w, hint)
	}
}

// hints say what to do about a refusal whose own words cannot know it.
var hints = map[fsm.Code]string{
	fsm.Unauthorized:   "Log in with: bcm login",
	fsm.OutcomeUnknown: "It may have been done. Look before you try again.",
}
