package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"bcm/api/client"
)

func (a *app) backupFiles() *cobra.Command {
	var asJSON, quiet bool
	var get string
	cmd := &cobra.Command{
		Use:   "files BACKUP [PATH]",
		Short: "List the files in a backup, or get one",
		Example: `  bcm backup files kq3… /srv/data
  bcm backup files kq3… /etc/hosts --get -`,
		Args:              Takes("BACKUP", "[PATH]"),
		ValidArgsFunction: a.firstArg(storedRefs),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/"
			if len(args) == 2 {
				path = args[1]
			}
			g, err := a.grid()
			if err != nil {
				return err
			}
			if get != "" {
				return a.getFile(cmd, g, args[0], path, get)
			}
			data, err := g.call(cmd.Context(), "GET", at("backups", args[0], "files"), url.Values{"path": {path}}, nil)
			if err != nil {
				return err
			}
			var p page
			if err := json.Unmarshal(data, &p); err != nil {
				return fmt.Errorf("reading the answer: %w", err)
			}
			l := listing[client.File]{what: "files", columns: fileColumns, id: func(f client.File) string { return f.Path }}
			return l.write(a, cmd, listOptions{json: asJSON, quiet: quiet}, p)
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "write paths alone")
	cmd.Flags().StringVar(&get, "get", "", `write the content of the file PATH to this file; "-" is standard output`)
	return cmd
}

func fileColumns(*app) []column[client.File] {
	return []column[client.File]{
		{title: "mode", of: func(f client.File) string { return f.Mode }},
		{title: "owner", of: func(f client.File) string { return value(f.Owner) }},
		{title: "size", of: func(f client.File) string { return size(f.Size) }, right: true},
		{title: "changed", of: func(f client.File) string { return f.ModifiedAt.UTC().Format(time.DateTime) }},
		{title: "name", of: label},
	}
}

// label is the name, marked as ls -F does.
func label(f client.File) string {
	switch f.Type {
	case "directory":
		return f.Name + "/"
	case "symlink":
		return f.Name + " -> " + value(f.Target)
	}
	return f.Name
}

// getFile writes the content of a file in a backup to a file here, which must
// not exist, or to standard output.
func (a *app) getFile(cmd *cobra.Command, g *grid, ref, path, to string) error {
	return a.download(cmd, g, at("backups", ref, "files", "content"), url.Values{"path": {path}}, to)
}

// download writes what a call gives to a file here, likewise.
func (a *app) download(cmd *cobra.Command, g *grid, path string, query url.Values, to string) error {
	res, err := g.open(cmd.Context(), "GET", path, query, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if to == "-" {
		_, err := io.Copy(cmd.OutOrStdout(), res.Body)
		return err
	}
	n, err := save(to, res.Body, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", line(to), size(n))
	return nil
}

// save writes a stream to a new file that its owner alone may read. The file
// has its name only once it is whole, and check had nothing against it.
func save(path string, from io.Reader, check func(f *os.File) error) (n int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return 0, Usagef("%s exists already; give another name, or remove it first", path)
	}
	f, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(f, from)
	if err == nil && check != nil {
		if _, err = f.Seek(0, io.SeekStart); err == nil {
			err = check(f)
		}
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return n, errors.Join(err, os.Remove(path+".part"))
	}
	return n, nil
}
