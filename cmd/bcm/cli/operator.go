package cli

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) operator() *cobra.Command {
	return noun("operator", "The cluster of managers itself",
		noun("raft", "The managers that agree", a.raftPeers(), a.raftRemove(), a.raftTransfer()),
		noun("snapshot", "The whole state in a file", a.snapshotSave(), a.snapshotInspect(), a.snapshotRestore()),
	)
}

func (a *app) raftPeers() *cobra.Command {
	var asJSON, quiet bool
	cmd := &cobra.Command{
		Use:   "list-peers",
		Short: "List the managers: who votes, who leads, and how many may be lost",
		Args:  Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			data, err := a.send(cmd, "GET", at("cluster"), nil)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), json.RawMessage(data))
			}
			var c client.ClusterState
			if err := json.Unmarshal(data, &c); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			if quiet {
				for _, m := range c.Members {
					fmt.Fprintln(cmd.OutOrStdout(), line(m.Id))
				}
				return nil
			}
			if err := writeTable(a, cmd.OutOrStdout(), peerColumns(c), c.Members); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s may be lost now; term %d\n", plural(int(c.FailureTolerance), "manager"), c.Term)
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "write ids alone")
	return cmd
}

func peerColumns(c client.ClusterState) []column[client.Member] {
	return []column[client.Member]{
		{title: "name", of: func(m client.Member) string { return m.Name }},
		{title: "id", of: func(m client.Member) string { return m.Id }},
		{title: "address", of: func(m client.Member) string { return m.Address }},
		{title: "state", of: func(m client.Member) string {
			if m.Name == c.Leader || m.Id == c.Leader {
				return "leader"
			}
			return "follower"
		}},
		{title: "voter", of: func(m client.Member) string { return yesNo(m.Voter) }},
		{title: "health", of: func(m client.Member) string {
			if m.Healthy {
				return "healthy"
			}
			return "unhealthy"
		}, state: true},
		{title: "index", of: func(m client.Member) string { return strconv.FormatInt(m.LastIndex, 10) }, right: true},
	}
}

func (a *app) raftRemove() *cobra.Command {
	return a.remover(removal{
		what: "manager", use: "remove-peer", refs: managerRefs, done: "no longer a member",
		short: "Take a manager out of the group, for good",
		asks:  "take manager %s out of the group; it cannot come back under its id",
		path:  func(ref string) string { return at("cluster", "members", ref) },
	})
}

func (a *app) raftTransfer() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "transfer-leadership [MANAGER]",
		Short:             "Let another manager lead",
		Args:              Takes("[MANAGER]"),
		ValidArgsFunction: a.firstArg(managerRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := make(changes)
			if len(args) == 1 {
				body["to"] = args[0]
			}
			data, err := a.send(cmd, "POST", at("cluster", "transfer-leadership"), body)
			if err != nil {
				return err
			}
			r := result{json: asJSON}
			if len(args) == 1 {
				return r.write(cmd, data, "manager %s leads now", args[0])
			}
			return r.write(cmd, data, "another manager leads now")
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
