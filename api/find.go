package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"bcm/fsm"
)

// Bounds on a search in the backups of a client.
const (
	findFor  = 20 * time.Second // how long it may go on; what was found by then is answered
	maxFound = 10_000
	maxQuery = 255 // bytes of a name
)

// FileQuery says what to look for in backups, which are searched in their order.
type FileQuery struct {
	In     []Stored // of one repository
	Name   string   // a part of a name, or a pattern with * ? [
	Within time.Duration
	Most   int
}

// FileFindings are what a search has come upon.
type FileFindings struct {
	Found    []FoundFile // with File, Backup and Unchanged
	Searched int         // backups that were searched to the end
	Partial  bool        // there may be more
}

// FoundFile is a file that was looked for, as it is in a backup.
type FoundFile struct {
	File
	Backup    string    `json:"backup" doc:"Id of the newest backup that has it so"`
	Task      string    `json:"task" doc:"Name of the backup's task; empty when it was made without one"`
	StartedAt time.Time `json:"started_at" doc:"When that backup was begun"`
	Unchanged int       `json:"unchanged" doc:"In how many further backups it is the same; of a directory, in how many there is one"`
}

// FoundFiles is a page of what was found.
type FoundFiles struct {
	Items    []FoundFile `json:"items"`
	Total    int         `json:"total" doc:"How many were found"`
	Next     string      `json:"next,omitempty" doc:"Where the next page begins; absent on the last"`
	Backups  int         `json:"backups" doc:"How many backups there are to search"`
	Searched int         `json:"searched" doc:"How many of them were searched to the end, the newest first"`
	Partial  bool        `json:"partial" doc:"The time was up, or there was too much: there may be more. Ask for a longer part of the name, or for less time with from and to"`
}

// FileVersion is a state of a file that backups hold.
type FileVersion struct {
	File
	Object  string   `json:"object" doc:"The same for the same content"`
	Backups []string `json:"backups" doc:"Ids of the backups that have it so, the newest first"`
}

// ofClient gives the backups of the client that the path names that can be looked
// into, the newest first, as task, from and to demand.
func (c *call) ofClient() ([]*fsm.Backup, error) {
	client, err := seen(c, &c.view.Clients, "client")
	if err != nil {
		return nil, err
	}
	from, to, err := c.span()
	if err != nil {
		return nil, err
	}
	task := c.query.Get("task")
	if t, ok := c.view.Tasks.Find(task); ok {
		task = t.ID
	}
	var all []*fsm.Backup
	for b := range c.view.Backups.By("client", client.ID) {
		if b.Snapshot == "" || b.Status == fsm.Deleted || b.Repository != client.Repository ||
			!c.sees(b) || b.StartedAt < from || to != 0 && b.StartedAt >= to || task != "" && b.Task != task {
			continue
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b *fsm.Backup) int {
		return cmp.Or(cmp.Compare(b.StartedAt, a.StartedAt), cmp.Compare(b.ID, a.ID))
	})
	return all, nil
}

// span reads from and to.
func (c *call) span() (from, to fsm.Time, err error) {
	for name, at := range map[string]*fsm.Time{"from": &from, "to": &to} {
		value := c.query.Get(name)
		if value == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return 0, 0, invalid(name, "%q is not a time as in 2006-01-02T15:04:05Z", value)
		}
		*at = fsm.At(t)
	}
	return from, to, nil
}

// openAll opens what is needed to look into each of a client's backups.
func (c *call) openAll(backups []*fsm.Backup) ([]Stored, error) {
	in := make([]Stored, 0, len(backups))
	for _, b := range backups {
		if len(in) > 0 { // they are of one repository, which is opened once
			in = append(in, Stored{Backup: b.ID, Repository: in[0].Repository, Snapshot: b.Snapshot})
			continue
		}
		s, err := c.open(b)
		if err != nil {
			return nil, err
		}
		in = append(in, s)
	}
	return in, nil
}

// findFiles looks for a name in the backups of a client.
func findFiles(c *call) (FoundFiles, error) {
	q := FileQuery{Name: c.query.Get("name"), Within: findFor, Most: maxFound}
	if _, err := path.Match(q.Name, ""); err != nil || q.Name == "" || len(q.Name) > maxQuery || strings.ContainsAny(q.Name, "/\x00") {
		return FoundFiles{}, invalid("name", "must be a part of a file's name, or a pattern of it with * ? [a-z], without /")
	}
	limit := defaultLimit
	if s := c.query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxLimit {
			return FoundFiles{}, invalid("limit", "%q is not a number from 1 to %d", s, maxLimit)
		}
		limit = n
	}
	backups, err := c.ofClient()
	if err != nil {
		return FoundFiles{}, err
	}
	if q.In, err = c.openAll(backups); err != nil || len(q.In) == 0 {
		return FoundFiles{Items: []FoundFile{}}, err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), maxBrowse)
	defer cancel()
	found, err := c.Files.Find(ctx, q)
	if err != nil {
		return FoundFiles{}, err
	}
	return c.foundPage(backups, found, limit)
}

// foundPage gives the part of what was found that was asked for. A page does not
// move when backups come, or go: its place is the backup and the path before it.
func (c *call) foundPage(backups []*fsm.Backup, found FileFindings, limit int) (FoundFiles, error) {
	order := make(map[string]int, len(backups))
	for i, b := range backups {
		order[b.ID] = i
	}
	out := FoundFiles{Items: []FoundFile{}, Total: len(found.Found), Backups: len(backups), Searched: found.Searched, Partial: found.Partial}
	rest := found.Found
	if next := c.query.Get("next"); next != "" {
		text, err := base64.RawURLEncoding.DecodeString(next)
		id, name, ok := strings.Cut(string(text), "\x00")
		at, known := order[id]
		if err != nil || !ok || !known {
			return FoundFiles{}, invalid("next", "this is no cursor of this search; begin again without next")
		}
		for len(rest) > 0 && cmp.Or(cmp.Compare(order[rest[0].Backup], at), cmp.Compare(rest[0].Path, name)) <= 0 {
			rest = rest[1:]
		}
	}
	for _, f := range rest[:min(len(rest), limit)] {
		b := backups[order[f.Backup]]
		f.StartedAt = b.StartedAt.Time()
		if b.Task != "" {
			f.Task = taskName(c.view, b.Task)
		}
		out.Items = append(out.Items, f)
	}
	if len(rest) > limit {
		last := rest[limit-1]
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(last.Backup + "\x00" + last.Path))
	}
	return out, nil
}

// fileHistory gives the states of one file in the backups of a client.
func fileHistory(c *call) (List[FileVersion], error) {
	name, err := c.inside()
	if err != nil {
		return List[FileVersion]{}, err
	}
	if name == "/" {
		return List[FileVersion]{}, invalid("path", "must name a file within the backups")
	}
	backups, err := c.ofClient()
	if err != nil {
		return List[FileVersion]{}, err
	}
	in, err := c.openAll(backups)
	if err != nil || len(in) == 0 {
		return List[FileVersion]{Items: []FileVersion{}}, err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), maxBrowse)
	defer cancel()
	versions, err := c.Files.History(ctx, in, name)
	return List[FileVersion]{Items: some(versions), Total: len(versions)}, err
}
