package cli

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// completer is a listing whose rows a shell can complete: by name where they
// have one, else by id.
type completer struct {
	path  string
	query string
}

// completeLimit is how long a shell waits for the grid.
const completeLimit = 2 * time.Second

// completeRows is how many rows a shell is offered.
const completeRows = "200"

var (
	nodeRefs       = completer{path: "/v1/nodes"}
	managerRefs    = completer{path: "/v1/nodes", query: "role=cluster-manager"}
	runnerRefs     = completer{path: "/v1/nodes", query: "role=backup-manager"}
	userRefs       = completer{path: "/v1/users"}
	groupRefs      = completer{path: "/v1/groups"}
	repositoryRefs = completer{path: "/v1/repositories"}
	clientRefs     = completer{path: "/v1/clients"}
	taskRefs       = completer{path: "/v1/tasks"}
	scheduleRefs   = completer{path: "/v1/schedules"}
	backupRefs     = completer{path: "/v1/backups"}
	keeperRefs     = completer{path: "/v1/nodes", query: "role=backup-storage"}
	jobRefs        = completer{path: "/v1/jobs"}
	liveJobRefs    = completer{path: "/v1/jobs", query: "status=queued&status=assigned&status=running&status=interrupted"}
	liveRefs       = completer{path: "/v1/backups", query: "status=queued&status=assigned&status=running&status=interrupted"}
	storedRefs     = completer{path: "/v1/backups", query: "status=succeeded&status=warning"}
	drillRefs      = completer{path: "/v1/drills"}
	approvalRefs   = completer{path: "/v1/approvals", query: "status=pending"}
	certRefs       = completer{path: "/v1/certificates"}
)

// complete offers the values of a flag that has a closed list of them.
func complete(cmd *cobra.Command, flag string, values []string) {
	if len(values) == 0 {
		return
	}
	must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
}

// completeRefs offers the rows of a listing as values of a flag.
func (a *app) completeRefs(cmd *cobra.Command, flag string, c completer) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return a.offer(cmd, c, begun), cobra.ShellCompDirectiveNoFileComp
	}))
}

// must stops the program over a flag that does not exist: a fault of ours that
// every test which builds the commands sees.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// firstArg offers the rows of a listing for the first argument.
func (a *app) firstArg(c completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || c.path == "" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.offer(cmd, c, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

// offer asks the grid for what can follow. A shell that completes shows no
// errors: what cannot be had is not offered.
func (a *app) offer(cmd *cobra.Command, c completer, begun string) []string {
	g, err := a.grid()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeLimit)
	defer cancel()
	query, err := url.ParseQuery(c.query)
	if err != nil {
		return nil
	}
	query.Set("limit", completeRows)
	if begun != "" {
		query.Set("q", begun)
	}
	data, err := g.call(ctx, "GET", c.path, query, nil)
	if err != nil {
		return nil
	}
	var p struct {
		Items []struct{ ID, Name, Status, Task, Client string }
	}
	if json.Unmarshal(data, &p) != nil {
		return nil
	}
	var offers []string
	for _, row := range p.Items {
		switch {
		case row.Name == "":
			offers = append(offers, cobra.CompletionWithDesc(row.ID, line(first(row.Task, row.Client)+" "+row.Status)))
		case row.Status != "":
			offers = append(offers, cobra.CompletionWithDesc(row.Name, line(row.Status)))
		default:
			offers = append(offers, row.Name)
		}
	}
	return offers
}
