package kopia

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"bcm/agent/backup"

	"github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/snapshot/policy"
)

// openCommand makes a source of what a command writes to its standard output.
func openCommand(s backup.Source) (*roots, error) {
	if len(s.Paths) > 0 || s.Name == "" {
		return nil, fmt.Errorf("%w: a command needs a name for its output, and no paths", backup.ErrSource)
	}
	if _, err := diskName(s.Name); err != nil {
		return nil, fmt.Errorf("%w: %q cannot be a file's name", backup.ErrSource, s.Name)
	}
	program, err := exec.LookPath(s.Command[0])
	if err != nil {
		return nil, fmt.Errorf("%w: command: %w", backup.ErrSource, err)
	}
	now := time.Now()
	stream := &streamNode{
		node: node{name: storedName(s.Name), mode: 0o600, modified: now},
		open: func(ctx context.Context) (io.ReadCloser, error) { return startCommand(ctx, program, s.Command) },
	}
	root := under([]fs.Entry{stream})
	return &roots{root: root, policies: map[string]*policy.Policy{}, key: strings.Join(s.Command, " "), stream: true}, nil
}

// command is a running command, to be read. Its end is an error unless it exits with
// 0: a stream that ends because its writer died looks whole otherwise.
type command struct {
	run    *run
	cmd    *exec.Cmd
	out    io.ReadCloser
	said   *backup.Tail
	kill   func()
	ended  bool
	result error
}

func startCommand(ctx context.Context, program string, args []string) (io.ReadCloser, error) {
	run := runOf(ctx)
	fail := func(err error) error {
		err = fmt.Errorf("%w: command %s: %w", backup.ErrSource, args[0], err)
		run.fail(err)
		return err
	}
	ctx, kill := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, program, args[1:]...)
	backup.Confine(cmd)
	said := &backup.Tail{}
	cmd.Stderr = said
	// A pipe of our own: the command's own way closes its end before it is read out.
	out, in, err := os.Pipe()
	if err != nil {
		kill()
		return nil, fail(err)
	}
	cmd.Stdout = in
	if err := cmd.Start(); err != nil {
		kill()
		return nil, fail(errors.Join(err, in.Close(), out.Close()))
	}
	if err := in.Close(); err != nil {
		kill()
		return nil, fail(err)
	}
	c := &command{run: run, cmd: cmd, out: out, said: said, kill: kill}
	run.onStop(kill) // what it has written so far is worth nothing
	return c, nil
}

// Read reads what the command writes. In place of the end it returns how the command
// failed, if it did.
func (c *command) Read(p []byte) (int, error) {
	n, err := c.out.Read(p)
	if errors.Is(err, io.EOF) {
		if failure := c.wait(); failure != nil {
			return n, failure
		}
	}
	return n, err
}

// wait waits for the command's end and tells the run if it was a bad one.
func (c *command) wait() error {
	if c.ended {
		return c.result
	}
	c.ended = true
	err := c.cmd.Wait()
	if err != nil && c.run.stopping() {
		c.result = fmt.Errorf("%w: command %s: %w", backup.ErrCanceled, c.cmd.Args[0], err)
	} else if err != nil {
		text := strings.TrimSpace(c.said.String())
		if text != "" {
			text = ": " + text
		}
		c.result = fmt.Errorf("%w: command %s: %w%s", backup.ErrSource, c.cmd.Args[0], err, text)
		c.run.fail(c.result)
	}
	return c.result
}

// Close ends the command if it still runs.
func (c *command) Close() error {
	c.kill()
	err := c.out.Close()
	if !c.ended {
		c.ended = true
		_ = c.cmd.Wait() // killed: it is known already why the backup ends
	}
	return err
}
