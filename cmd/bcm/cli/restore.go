package cli

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"bcm/fsm"
)

// restoreFlags say what to restore, where to and how.
type restoreFlags struct {
	node, target, overwrite string
	paths                   []string
	origin, dryRun          bool
}

func (a *app) backupRestore() *cobra.Command {
	var r result
	var w restoreFlags
	var wait bool
	cmd := &cobra.Command{
		Use:   "restore BACKUP --node NODE --target DIR",
		Short: "Restore from a backup",
		Long: `Restore from a backup to a directory of a backup manager, or with --origin to where
it came from. Of one --path the content is put into the target: for "/" the content
of the source path, or one folder for each source path when there are several. Of
several each keeps its way below the folder that has all of them.

What is there with the same size, time and mode is not fetched again, so that a
restore that was cut can be tried again. ` + fsm.NotKept,
		Example: `  bcm backup restore kq3… --node backup-1 --target /srv/restore --path /etc
  bcm backup restore kq3… --origin --overwrite beside --path /etc/hosts --path /etc/ssl
  bcm backup restore kq3… --origin --overwrite always --dry-run`,
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(storedRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := w.body(cmd)
			if err != nil {
				return err
			}
			return a.work(cmd, begins{"restore", at("backups", args[0], "restore"), "restores"}, body, wait, &r, w.done)
		},
	}
	f := cmd.Flags()
	f.StringVar(&w.node, "node", "", "backup manager to restore on; with --origin the one that made the backup unless given")
	f.StringVar(&w.target, "target", "", "absolute path of the directory to restore to")
	f.BoolVar(&w.origin, "origin", false, "restore to where the source was, instead of to a target")
	f.StringArrayVar(&w.paths, "path", nil, "what to restore, all unless given; may be repeated")
	f.StringVar(&w.overwrite, "overwrite", "", "what becomes of files that are there and different: never, always, if-newer, or beside: the restored one is put next to it")
	f.BoolVar(&w.dryRun, "dry-run", false, "only tell what would change")
	f.BoolVarP(&wait, "wait", "w", true, "wait for its end and show how far it is; exit code 3 when it fails")
	a.completeRefs(cmd, "node", runnerRefs)
	complete(cmd, "overwrite", []string{"never", "always", "if-newer", "beside"})
	r.flags(cmd)
	return cmd
}

func (w *restoreFlags) body(cmd *cobra.Command) (changes, error) {
	if w.origin && w.target != "" {
		return nil, Usagef("%s takes --origin or --target, not both", cmd.CommandPath())
	}
	if !w.origin {
		if err := needs(cmd, "node", "target"); err != nil {
			return nil, err
		}
	}
	body := changes{}
	switch len(w.paths) {
	case 0:
		body["path"] = "/"
	case 1:
		body["path"] = w.paths[0]
	default:
		body["paths"] = w.paths
	}
	take(body, cmd, "node", "node", w.node)
	take(body, cmd, "target", "target", w.target)
	take(body, cmd, "origin", "origin", w.origin)
	take(body, cmd, "overwrite", "overwrite", w.overwrite)
	take(body, cmd, "dry-run", "dry_run", w.dryRun)
	return body, nil
}

// done says what a restore did, or would do.
func (w *restoreFlags) done(j run) string {
	to := w.target
	if w.origin {
		to = "where it came from"
	}
	if w.dryRun {
		text := fmt.Sprintf("a restore to %s on %s would write %s", to, first(w.node, j.Node), j.summary())
		for _, c := range j.Changes {
			text += fmt.Sprintf("\n%-9s %s", c.Kind, count(c.Count))
			for _, p := range c.Paths {
				text += "\n          " + line(p)
			}
			if n := c.Count - int64(len(c.Paths)); n > 0 && len(c.Paths) > 0 {
				text += fmt.Sprintf("\n          and %s more", count(n))
			}
		}
		return text
	}
	text := fmt.Sprintf("restored to %s on %s: %s", to, first(w.node, j.Node), j.summary())
	if n := value(j.Stats.Skipped); n > 0 {
		text += fmt.Sprintf("; %s were there already and left as they are (see --overwrite)", count(n))
	}
	for _, c := range j.Changes {
		if c.Kind == string(fsm.SameFile) {
			text += fmt.Sprintf("; %s were there already and equal", count(c.Count))
		}
	}
	return text
}

func (a *app) backupDownload() *cobra.Command {
	var path, to, format string
	cmd := &cobra.Command{
		Use:   "download BACKUP -o FILE",
		Short: "Download a folder or a file of a backup as an archive",
		Long: `Download a folder or a file of a backup as an archive, with modes, times and
links. The file has its name only once it is whole.`,
		Example: `  bcm backup download kq3… --path /etc -o etc.tar.gz
  bcm backup download kq3… --path /etc -o - | tar xz`,
		Args:              Takes("BACKUP"),
		ValidArgsFunction: a.firstArg(storedRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needs(cmd, "output"); err != nil {
				return err
			}
			if format == "" && strings.HasSuffix(to, ".zip") {
				format = "zip"
			}
			g, err := a.grid()
			if err != nil {
				return err
			}
			query := url.Values{"path": {path}, "format": {first(format, "tar.gz")}}
			return a.download(cmd, g, at("backups", args[0], "files", "archive"), query, to)
		},
	}
	f := cmd.Flags()
	f.StringVar(&path, "path", "/", "what to download; / is all")
	f.StringVarP(&to, "output", "o", "", `file to write, which must not exist; "-" is standard output`)
	f.StringVar(&format, "format", "", "tar.gz or zip; otherwise as the file is called")
	complete(cmd, "format", []string{"tar.gz", "zip"})
	return cmd
}
