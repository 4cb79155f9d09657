package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) backupLog() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "log BACKUP",
		Short:             "Tell how a backup went: its attempts, its end, what was warned of",
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(backupRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := a.send(cmd, "GET", at("backups", args[0], "log"), nil)
			if err != nil {
				return err
			}
			var log struct {
				Items json.RawMessage `json:"items"`
			}
			var lines []client.Line
			if err := json.Unmarshal(data, &log); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), log.Items)
			}
			if err := json.Unmarshal(log.Items, &lines); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			for _, l := range lines {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-7s  %s\n", l.At.UTC().Format(time.RFC3339), line(l.Level), line(l.Text))
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
