package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// newcomer is a user as a file to import has it.
type newcomer struct {
	Name     string   `json:"name"`
	Password string   `json:"password"`
	FullName string   `json:"full_name,omitempty"`
	Email    string   `json:"email,omitempty"`
	Groups   []string `json:"groups"`
	Enabled  *bool    `json:"enabled,omitempty"`

	line int // of the file
}

// maxImport bounds a file of users, in bytes.
const maxImport = 16 << 20

func (a *app) userImport() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make users from a file",
		Long: `Make users from a file, or from standard input for "-". Each user is made whole or
not at all, and one that is refused does not keep the others out. Nothing is done
when a line cannot be read.

The file has JSON objects, one a line, with name, password, groups, full_name,
email and enabled; or it is CSV with those names in its first line, groups with
semicolons between. Passwords are never written anywhere.`,
		Example: "  bcm user import users.csv\n  bcm user import - < users.jsonl",
		Args:    Takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := readNewcomers(cmd, args[0])
			if err != nil {
				return err
			}
			return a.importUsers(cmd, args[0], all, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) importUsers(cmd *cobra.Command, file string, all []newcomer, asJSON bool) error {
	g, err := a.grid()
	if err != nil {
		return err
	}
	made := []json.RawMessage{}
	for _, n := range all {
		data, err := g.call(cmd.Context(), "POST", at("users"), nil, n)
		if _, away := errors.AsType[*unreachableError](err); away || cmd.Context().Err() != nil {
			return fmt.Errorf("line %d, user %s: %w; %d of %d users are created", n.line, n.Name, err, len(made), len(all))
		}
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "line %d: user %s is not created: %s\n", n.line, line(n.Name), line(err.Error()))
			continue
		}
		if !asJSON {
			fmt.Fprintf(cmd.OutOrStdout(), "line %d: user %s is created\n", n.line, line(n.Name))
		}
		made = append(made, data)
	}
	if asJSON {
		if err := writeJSON(cmd.OutOrStdout(), made); err != nil {
			return err
		}
	}
	if refused := len(all) - len(made); refused > 0 {
		return fmt.Errorf("%d of %d users of %s are not created", refused, len(all), file)
	}
	return nil
}

// readNewcomers reads a file of users, all of it or nothing.
func readNewcomers(cmd *cobra.Command, file string) ([]newcomer, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("reading users: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("reading users: %w", err)
	}
	if len(text) > maxImport {
		return nil, Usagef("%s has more than %d bytes; import it in parts", file, maxImport)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // what spreadsheets put first
	read := usersOfCSV
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		read = usersOfJSON
	}
	all, err := read(text)
	if err != nil {
		return nil, Usagef("%s: %v; nothing was done", file, err)
	}
	if len(all) == 0 {
		return nil, Usagef("%s has no users", file)
	}
	for _, n := range all {
		if n.Name == "" || n.Password == "" {
			return nil, Usagef("%s: line %d: a user needs a name and a password; nothing was done", file, n.line)
		}
	}
	return all, nil
}

func usersOfJSON(text []byte) (all []newcomer, err error) {
	at := 0
	for row := range bytes.Lines(text) {
		at++
		if len(bytes.TrimSpace(row)) == 0 {
			continue
		}
		n := newcomer{line: at}
		d := json.NewDecoder(bytes.NewReader(row))
		d.DisallowUnknownFields()
		if err := d.Decode(&n); err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		if d.More() {
			return nil, fmt.Errorf("line %d: there is something after the object", at)
		}
		n.Groups = append([]string{}, n.Groups...)
		all = append(all, n)
	}
	return all, nil
}

func usersOfCSV(text []byte) (all []newcomer, err error) {
	known := []string{"name", "password", "full_name", "email", "groups", "enabled"}
	r := csv.NewReader(bytes.NewReader(text))
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, column := range head {
		if !slices.Contains(known, column) {
			return nil, fmt.Errorf("line 1: there is no column %q%s; there are %s", column, didYouMean(column, known, ""), strings.Join(known, ", "))
		}
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		at, _ := r.FieldPos(0)
		n := newcomer{Groups: []string{}, line: at}
		for i, column := range head {
			if err := n.set(column, row[i]); err != nil {
				return nil, fmt.Errorf("line %d: %w", at, err)
			}
		}
		all = append(all, n)
	}
}

// set takes over a cell of CSV.
func (n *newcomer) set(column, cell string) error {
	switch column {
	case "name":
		n.Name = strings.TrimSpace(cell)
	case "password":
		n.Password = cell
	case "full_name":
		n.FullName = cell
	case "email":
		n.Email = strings.TrimSpace(cell)
	case "groups":
		for group := range strings.SplitSeq(cell, ";") {
			if group = strings.TrimSpace(group); group != "" {
				n.Groups = append(n.Groups, group)
			}
		}
	case "enabled":
		yes := cell == "true"
		if !yes && cell != "false" && cell != "" {
			return fmt.Errorf("enabled is true or false, not %q", cell)
		}
		if cell != "" {
			n.Enabled = &yes
		}
	}
	return nil
}
