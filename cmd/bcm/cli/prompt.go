package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// confirm asks before something is done that cannot be undone. With yes it does
// not ask; without a terminal to ask on it refuses.
func (a *app) confirm(cmd *cobra.Command, yes bool, format string, args ...any) error {
	if yes {
		return nil
	}
	what := fmt.Sprintf(format, args...)
	if !a.isTerminal(cmd.InOrStdin()) {
		return Usagef("%s: this would %s, and there is no terminal to ask on; add --yes", cmd.CommandPath(), line(what))
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "This will %s. Type y to go on: ", line(what))
	answer, err := readLine(cmd.InOrStdin())
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}

// yesFlag adds --yes to a verb that asks.
func yesFlag(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do not ask")
}

// ask reads a line that the user types after a question.
func (a *app) ask(cmd *cobra.Command, question string) (string, error) {
	fmt.Fprint(cmd.ErrOrStderr(), question)
	text, err := readLine(cmd.InOrStdin())
	return strings.TrimSpace(text), err
}

// readLine reads no further than the end of a line: what follows may be for
// somebody else.
func readLine(r io.Reader) (string, error) {
	var b strings.Builder
	one := make([]byte, 1)
	for b.Len() < 4096 {
		n, err := r.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return b.String(), nil
			}
			b.WriteByte(one[0])
		}
		if errors.Is(err, io.EOF) && b.Len() > 0 {
			return b.String(), nil
		}
		if err != nil {
			return "", fmt.Errorf("no answer: %w", err)
		}
	}
	return "", Usagef("the answer is too long")
}

// passwordFlag adds the way to give a password without a terminal.
func passwordFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "password-file", "", `file with the password in its first line; "-" reads it from standard input`)
}

// password gets a password from a file, from standard input, or from a person,
// who types it twice when it is new. It never comes from the command line, where
// others could see it.
func (a *app) password(cmd *cobra.Command, file, question string, fresh bool) (string, error) {
	switch {
	case file == "-":
		return firstLine(cmd.InOrStdin(), "standard input")
	case file != "":
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		defer f.Close()
		return firstLine(f, file)
	case !a.isTerminal(cmd.InOrStdin()):
		return "", Usagef("%s: there is no terminal to ask for the password on; give --password-file FILE, or --password-file - and pipe it in", cmd.CommandPath())
	}
	first, err := a.secret(cmd, question)
	if err != nil || !fresh {
		return first, err
	}
	second, err := a.secret(cmd, "The same again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", Usagef("the two passwords differ; nothing was done")
	}
	return first, nil
}

func (a *app) secret(cmd *cobra.Command, question string) (string, error) {
	fmt.Fprint(cmd.ErrOrStderr(), question)
	text, err := a.readSecret(cmd.InOrStdin())
	fmt.Fprintln(cmd.ErrOrStderr())
	if err != nil {
		return "", fmt.Errorf("no password: %w", err)
	}
	if len(text) == 0 {
		return "", Usagef("the password must not be empty")
	}
	return string(text), nil
}

func firstLine(r io.Reader, name string) (string, error) {
	text, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	if text = strings.TrimRight(text, "\r\n"); text == "" {
		return "", Usagef("there is no password in %s", name)
	}
	return text, nil
}
