package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

// taskRetention makes the simulator: what a retention keeps of what a task has.
func (a *app) taskRetention() *cobra.Command {
	var t taskFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "retention TASK",
		Short: "Show which backups a retention keeps and why; changes nothing",
		Long: `Show which of the backups that a task has its retention keeps, and why. With
numbers to keep it shows what those would keep instead; those not given are zero
then.`,
		Example:           "  bcm task retention web-data\n  bcm task retention web-data --keep-daily 7 --keep-weekly 4",
		Args:              Takes("TASK"),
		ValidArgsFunction: a.firstArg(taskRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			for _, k := range t.keeps() {
				take(body, cmd, k.flag, "retention", t.keep)
			}
			data, err := a.send(cmd, "POST", at("tasks", args[0], "retention", "preview"), body)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
			}
			return a.writePreview(cmd, data)
		},
	}
	t.keepFlags(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) writePreview(cmd *cobra.Command, data []byte) error {
	var p client.RetentionPreview
	if err := json.Unmarshal(data, &p); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	out := cmd.OutOrStdout()
	if len(p.Items) > 0 {
		columns := []column[client.KeptBackup]{
			{title: "backup", of: func(k client.KeptBackup) string { return k.Backup }},
			{title: "begun", of: func(k client.KeptBackup) string { return a.instant(k.StartedAt) }},
			{title: "size", of: func(k client.KeptBackup) string { return figure(k.Bytes, size) }, right: true},
			{title: "stays", of: func(k client.KeptBackup) string { return yes(k.Keep) }},
			{title: "because of", of: func(k client.KeptBackup) string { return strings.Join(k.Reasons, ", ") }},
		}
		if err := writeTable(a, out, columns, p.Items); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "keeping %s (days of %s): %d stay, %d would be deleted\n", keeps(p.Retention), p.Zone, p.Kept, p.Gone)
	return err
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
