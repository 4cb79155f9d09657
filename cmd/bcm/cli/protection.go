package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

// protectors makes the verbs that keep a backup from being deleted.
func (a *app) protectors() []*cobra.Command {
	return []*cobra.Command{
		a.setter("pin", "backup", "Keep a backup for good: it never expires and cannot be deleted", storedRefs, backupPath, changes{"pinned": true}, "pinned"),
		a.setter("unpin", "backup", "Let a backup expire again", storedRefs, backupPath, changes{"pinned": false}, "no longer pinned"),
		a.backupHold(),
		a.setter("release", "backup", "Lift the hold of a backup", storedRefs, backupPath, changes{"hold": changes{}}, "no longer on hold"),
	}
}

func (a *app) backupHold() *cobra.Command {
	var r result
	var until, reason string
	cmd := &cobra.Command{
		Use:               "hold BACKUP --until MOMENT --reason TEXT",
		Short:             "Keep a backup until a moment: before it does not expire and cannot be deleted",
		Example:           `  bcm backup hold kq3… --until 2027-01-01 --reason "audit of the year"`,
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(storedRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "until", "reason"); err != nil {
				return err
			}
			end, err := a.coming("until", until)
			if err != nil {
				return err
			}
			data, err := a.send(cmd, "PATCH", backupPath(args[0]), changes{"hold": changes{"until": end, "reason": reason}})
			if err != nil {
				return err
			}
			return r.write(cmd, data, "backup %s is on hold until %s", args[0], end)
		},
	}
	cmd.Flags().StringVar(&until, "until", "", "the end: 2027-01-31, RFC 3339, or how far ahead as 24h or 90d")
	cmd.Flags().StringVar(&reason, "reason", "", "why it is kept")
	r.flags(cmd)
	return cmd
}

// coming reads a moment that lies ahead: as [app.moment] does, but what is no
// date is how far ahead it is.
func (a *app) coming(flag, text string) (string, error) {
	if d, err := duration(text); err == nil && d > 0 {
		return a.now().Add(d).UTC().Format(time.RFC3339), nil
	}
	if !strings.Contains(text, "-") {
		return "", Usagef("--%s %q: write a moment as 2027-01-31T18:00:00Z, a day as 2027-01-31, or how far ahead as 24h or 90d", flag, text)
	}
	return a.moment(flag, text)
}

// protection writes what keeps a backup from being deleted.
func protection(a *app, b client.Backup) string {
	var parts []string
	if b.Pinned {
		parts = append(parts, "pinned")
	}
	if h := b.Hold; h != nil {
		parts = append(parts, "on hold until "+a.instant(h.Until)+" by "+h.By+": "+h.Reason)
	}
	return strings.Join(parts, "\n")
}
