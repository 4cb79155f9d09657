package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

// mayGiveUp names the backups that are hit and asks before what is lost of a repository
// is given up.
func (a *app) mayGiveUp(cmd *cobra.Command, yes bool, repository string) error {
	if yes {
		return nil
	}
	g, err := a.grid()
	if err != nil {
		return err
	}
	query := url.Values{"kind": {"verify"}, "repository": {repository}, "status": {"succeeded", "failed"}, "sort": {"-finished_at"}}
	data, err := g.call(cmd.Context(), "GET", at("jobs"), query, nil)
	if err != nil {
		return err
	}
	var jobs struct{ Items []client.Job }
	if err := json.Unmarshal(data, &jobs); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	hit := "it is not known which backups are hit, since nobody has verified all of it"
	if i := slices.IndexFunc(jobs.Items, func(j client.Job) bool { return j.Backup == "" }); i >= 0 {
		j := jobs.Items[i]
		hit = fmt.Sprintf("by the verification of %s no backup is hit", ago(value(j.FinishedAt), a.now()))
		if damaged := value(j.DamagedBackups); len(damaged) > 0 {
			hit = fmt.Sprintf("by the verification of %s these backups are hit: %s", ago(value(j.FinishedAt), a.now()), strings.Join(damaged, ", "))
		}
	}
	return a.confirm(cmd, yes, "give up what the storage has lost of %s (%s)", repository, hit)
}
