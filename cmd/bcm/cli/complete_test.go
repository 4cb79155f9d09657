package cli

import (
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		args  []string
		on    string
		body  string
		want  string
		asked string
	}{
		{[]string{"node", "show", ""}, "GET /v1/nodes", listOf(nodeRow, lostRow), "backup-1\tonline\nbackup-2\toffline\n", "GET /v1/nodes?limit=200"},
		{[]string{"node", "show", "ba"}, "GET /v1/nodes", listOf(nodeRow), "backup-1\tonline\n", "GET /v1/nodes?limit=200&q=ba"},
		{[]string{"node", "mode", "backup-1", ""}, "", "", "active\ndraining\nmaintenance\nstandalone\nmanaged\n", ""},
		{[]string{"user", "show", ""}, "GET /v1/users", listOf(userRow), "ada\n", "GET /v1/users?limit=200"},
		{[]string{"task", "run", ""}, "GET /v1/tasks", listOf(taskRow), "web-data\n", "GET /v1/tasks?limit=200"},
		{[]string{"backup", "restore", ""}, "GET /v1/backups", listOf(doneRow), "b1\tweb-data succeeded\n", "GET /v1/backups?limit=200&status=succeeded&status=warning"},
		{[]string{"backup", "restore", "b1", "--node", ""}, "GET /v1/nodes", listOf(nodeRow), "backup-1\tonline\n", "GET /v1/nodes?limit=200&role=backup-manager"},
		{[]string{"backup", "restore", "b1", "--overwrite", ""}, "", "", "never\nalways\nif-newer\nbeside\n", ""},
		{[]string{"node", "list", "--status", ""}, "", "", "joining\nonline\ndegraded\noffline\nleft\n", ""},
		{[]string{"node", "show", "x", ""}, "", "", "", ""},
		{[]string{"user", "show", ""}, "GET /v1/users", "not JSON", "", "GET /v1/users?limit=200"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			w := newWorld(t)
			if c.on != "" {
				w.on(c.on, 200, c.body)
			}
			got := w.run(append([]string{"__complete"}, c.args...)...)
			offers, _, _ := strings.Cut(got.out, ":")
			if offers != c.want || w.lastAsked() != c.asked {
				t.Errorf("offered %q, wanted %q; asked %s", offers, c.want, w.lastAsked())
			}
		})
	}
}
