package backup_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"bcm/agent/backup"
)

// asAgent makes a process of this test be an agent that runs a command of a task.
const asAgent = "TEST_AS_AGENT"

// A killed agent takes the command of its task with it: another attempt begins soon,
// and would run it at the same time.
func TestCommandDiesWithTheAgent(t *testing.T) {
	if pipe := os.Getenv(asAgent); pipe != "" {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `exec 3>"$0"; echo up >&3; exec sleep 1000`, pipe)
		backup.Confine(cmd)
		t.Fatal(cmd.Run())
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	agent := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestCommandDiesWithTheAgent$")
	agent.Env = append(os.Environ(), asAgent+"="+pipe)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	held, err := os.Open(pipe) // waits for the command
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	up := make([]byte, len("up\n"))
	if _, err := io.ReadFull(held, up); err != nil {
		t.Fatal(err)
	}
	if err := agent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := agent.Wait(); err == nil {
		t.Error("the agent ended well")
	}
	if _, err := io.Copy(io.Discard, held); err != nil { // until the command holds it no more
		t.Fatal(err)
	}
}
