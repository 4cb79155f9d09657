package backup

import (
	"os/exec"
	"syscall"
	"time"
)

// lingering is how long a child of a killed command may hold its output open.
const lingering = 5 * time.Second

// Confine has a command of a task end with what it is for: in a process group of its
// own, which is killed when the command's context ends. When the agent itself is
// killed the system kills the command, for the run is soon tried again and the same
// command must not be at work twice. What the command has started is not reached
// then; the control group of a service is.
//
// The system does that when the thread ends that has started the command. Threads of
// Go end only with a goroutine that is locked to one, and those start no commands.
func Confine(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = lingering
}
