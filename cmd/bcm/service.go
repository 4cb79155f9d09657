package main

import (
	"context"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
)

// onHangup reads the configuration again at each SIGHUP and takes from it what
// can change while the process runs: the level of the log. A configuration that
// is wrong changes nothing. It returns when ctx ends.
func onHangup(ctx context.Context, hangup <-chan os.Signal, cmd *cobra.Command, manager bool, log hclog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		c, err := loadConfig(cmd, manager)
		if err != nil {
			log.Error("the configuration was not reloaded", "error", err)
			continue
		}
		log.SetLevel(hclog.Info) // so that what follows is seen
		log.Info("configuration reloaded", "log_level", c.LogLevel)
		log.SetLevel(hclog.LevelFromString(c.LogLevel))
	}
}

// serviced runs a member as a service does: SIGHUP reloads, and its manager is
// told when it ends.
func serviced(cmd *cobra.Command, manager bool, log hclog.Logger, run func() error) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	go onHangup(ctx, hangup, cmd, manager, log)
	context.AfterFunc(cmd.Context(), func() { tellService(log, "STOPPING=1") })
	return run()
}

// ready tells the service manager that this member serves.
func ready(log hclog.Logger) { tellService(log, "READY=1") }

// tellService sends a state to systemd, where it has started this process
// (sd_notify). Without it there is nobody to tell.
func tellService(log hclog.Logger, state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	var d net.Dialer
	c, err := d.DialContext(context.Background(), "unixgram", path) // a name with @ is abstract there too
	if err != nil {
		log.Warn("the service manager was not told", "state", state, "error", err)
		return
	}
	defer c.Close()
	if _, err := c.Write([]byte(state)); err != nil {
		log.Warn("the service manager was not told", "state", state, "error", err)
	}
}
