package cli

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// column is one of a table: its title, and what it shows of a row.
type column[T any] struct {
	title string
	of    func(row T) string
	right bool // numbers stand under each other
	state bool // a word that says how something is, coloured where colours are shown
}

// plain is a table without lines: columns two blanks apart, so that people can
// read it and awk can cut it.
func plain() table.Style {
	return table.Style{
		Name: "plain",
		Box:  table.BoxStyle{PaddingRight: "  ", UnfinishedRow: "…"},
		Format: table.FormatOptions{
			Header: text.FormatUpper,
		},
		Options: table.Options{DoNotColorBordersAndSeparators: true},
	}
}

// writeTable writes rows under the titles of their columns.
func writeTable[T any](a *app, w io.Writer, columns []column[T], rows []T) error {
	out := table.NewWriter()
	out.SetStyle(plain())
	out.SuppressTrailingSpaces()
	head := make(table.Row, 0, len(columns))
	var configs []table.ColumnConfig
	for i, c := range columns {
		head = append(head, c.title)
		if c.right {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	out.SetColumnConfigs(configs)
	colours := a.colours(w)
	out.AppendHeader(head)
	for _, r := range rows {
		cells := make(table.Row, 0, len(columns))
		for _, c := range columns {
			cell := orDash(line(c.of(r)))
			if c.state && colours {
				cell = paint(cell)
			}
			cells = append(cells, cell)
		}
		out.AppendRow(cells)
	}
	_, err := io.WriteString(w, out.Render()+"\n")
	return err
}

// field is a line of what a show verb writes: a name and a value.
type field struct{ name, value string }

// writeFields writes fields under each other; those without a value are left out.
func writeFields(w io.Writer, fields []field) error {
	wide := 0
	for _, f := range fields {
		if f.value != "" {
			wide = max(wide, len(f.name))
		}
	}
	var b strings.Builder
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		b.WriteString(f.name + strings.Repeat(" ", wide-len(f.name)+2))
		b.WriteString(strings.ReplaceAll(clean(f.value), "\n", "\n"+strings.Repeat(" ", wide+2)) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeJSON writes what the grid answered, indented and otherwise as it came.
func writeJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func sortedStrings(s []string) []string {
	slices.Sort(s)
	return s
}

// colours tells whether a stream shows colours: it is a terminal, and nobody
// said that they do not want any (https://no-color.org).
func (a *app) colours(stream any) bool {
	return a.isTerminal(stream) && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}

// paint colours a word that says how something is: what is well, what is on its
// way, what is wrong. The word itself says the same.
func paint(s string) string {
	word, _, _ := strings.Cut(s, " ")
	var colour string
	switch word {
	case "online", "active", "succeeded", "enabled", "good", "healthy", "ok":
		colour = "32"
	case "joining", "queued", "assigned", "running":
		colour = "36"
	case "degraded", "draining", "maintenance", "warning", "interrupted", "cancelled", "expired", "used":
		colour = "33"
	case "offline", "failed", "unhealthy", "revoked", "denied", "invalid", "conflict", "not_found", "unauthorized":
		colour = "31"
	default:
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}
