package sesam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bcm/fsm"
)

// seen is what one look at a server has found.
type seen struct {
	release string
	lacks   map[string]string
	objects map[fsm.MirrorKind][]fsm.Observed
}

// names of objects by their ids on the server, which access lists refer to.
type byID map[string]string

// look reads all that the cluster wants to know of a server. What it does not offer
// is noted; any other failure ends the look.
func (c *client) look(ctx context.Context) (*seen, error) {
	s := &seen{lacks: make(map[string]string), objects: make(map[fsm.MirrorKind][]fsm.Observed)}
	info, err := c.get(ctx, v2+"server/info")
	if err != nil {
		return nil, fmt.Errorf("server/info: %w", err)
	}
	s.release = info.object().text("release")
	if _, err := c.get(ctx, extension+"cluster-mode"); err != nil {
		s.lacks[fsm.CanClusterMode] = "the server knows nothing of it: that it is managed stands in the cluster alone"
	}
	for _, k := range []fsm.MirrorKind{fsm.ServerGroup, fsm.ServerUser, fsm.ServerClient, fsm.ServerTask, fsm.ServerSchedule,
		fsm.ServerDatastore, fsm.ServerResult, fsm.ServerACL} {
		if err := c.lookAt(ctx, s, k); err != nil {
			return nil, fmt.Errorf("%ss: %w", k, err)
		}
	}
	return s, nil
}

// lookAt reads the objects of one kind.
func (c *client) lookAt(ctx context.Context, s *seen, k fsm.MirrorKind) error {
	found, err := readers[k](ctx, c, s)
	if lacking := capability[k]; errors.Is(err, ErrMissing) || errors.Is(err, ErrDenied) {
		if lacking != "" {
			s.lacks[lacking] = err.Error()
		}
		return nil
	}
	if err != nil {
		return err
	}
	if found == nil {
		found = []fsm.Observed{}
	}
	slices.SortFunc(found, func(a, b fsm.Observed) int { return strings.Compare(a.Name, b.Name) })
	s.objects[k] = slices.CompactFunc(found, func(a, b fsm.Observed) bool { return a.Name == b.Name })
	return nil
}

// capability names what a server lacks that does not list objects of a kind.
var capability = map[fsm.MirrorKind]string{
	fsm.ServerUser: fsm.CanUsers, fsm.ServerGroup: fsm.CanGroups, fsm.ServerACL: fsm.CanACLs,
}

// reader reads the objects of one kind.
type reader = func(ctx context.Context, c *client, s *seen) ([]fsm.Observed, error)

// readers by kind. The paths and members are those of sesam-api: what is not known
// for sure is not relied on.
var readers = map[fsm.MirrorKind]reader{
	fsm.ServerGroup: listed("groups", func(o object) fsm.Observed {
		return fsm.Observed{Name: o.text("name"), Remote: o.text("id"), Facts: fsm.Facts{Enabled: o.yes("enabled", true), Comment: o.text("usercomment")}}
	}),
	fsm.ServerUser: listed("users", func(o object) fsm.Observed {
		return fsm.Observed{Name: o.text("name"), Remote: o.text("id"),
			Facts: fsm.Facts{Enabled: o.yes("enabled", true), Comment: o.text("usercomment"), Groups: o.names("groups")}}
	}),
	fsm.ServerClient: listed("clients", func(o object) fsm.Observed {
		return fsm.Observed{Name: o.text("name"), Remote: o.text("id"), Parent: o.inner("location").text("name"),
			Facts: fsm.Facts{Enabled: o.yes("permit", true), Comment: o.text("usercomment")}}
	}),
	fsm.ServerTask: posted("backups/findTasks", func(o object) fsm.Observed {
		return fsm.Observed{Name: o.text("name"), Remote: o.text("name"), Parent: o.inner("client").text("name"), State: stateOf(o.text("resultsSts")),
			Facts: fsm.Facts{Enabled: o.yes("exec", true), Comment: o.text("usercomment")}}
	}),
	fsm.ServerSchedule: listed("schedules", func(o object) fsm.Observed {
		return fsm.Observed{Name: o.text("name"), Remote: o.text("name"), Facts: fsm.Facts{Enabled: o.yes("exec", true), Comment: o.text("usercomment")}}
	}),
	fsm.ServerDatastore: listed("datastores", func(o object) fsm.Observed {
		return fsm.Observed{Name: o.text("name"), Remote: o.text("name"), State: o.text("status"), Facts: fsm.Facts{Enabled: true, Comment: o.text("usercomment")}}
	}),
	fsm.ServerResult: results,
	fsm.ServerACL:    accessLists,
}

// listed reads a resource that is listed by GET.
func listed(resource string, read func(o object) fsm.Observed) reader {
	return func(ctx context.Context, c *client, _ *seen) ([]fsm.Observed, error) {
		v, err := c.get(ctx, v2+resource)
		return observed(v, err, read)
	}
}

// posted reads what is found by an empty filter.
func posted(path string, read func(o object) fsm.Observed) reader {
	return func(ctx context.Context, c *client, _ *seen) ([]fsm.Observed, error) {
		v, err := c.post(ctx, v2+path, struct{}{})
		return observed(v, err, read)
	}
}

func observed(v value, err error, read func(o object) fsm.Observed) ([]fsm.Observed, error) {
	if err != nil {
		return nil, err
	}
	list, ok := v.objects()
	if !ok {
		return nil, fmt.Errorf("%w: a list was expected", ErrProtocol)
	}
	var all []fsm.Observed
	for _, o := range list {
		one := read(o)
		if one.Name == "" {
			continue
		}
		one.Doc = o.doc()
		all = append(all, one)
	}
	return all, nil
}

// maxResults is how many results are kept of a server, the newest.
const maxResults = 500

func results(ctx context.Context, c *client, _ *seen) ([]fsm.Observed, error) {
	v, err := c.get(ctx, v2+"backups")
	all, err := observed(v, err, func(o object) fsm.Observed {
		at := fsm.Time(o.number("startTime")) * 1_000_000 // milliseconds
		return fsm.Observed{Name: o.text("savesetId"), Remote: o.text("savesetId"), Parent: o.text("task"), At: at,
			State: stateOf(o.text("state")), Facts: fsm.Facts{Enabled: true, Comment: o.text("msg")}}
	})
	slices.SortFunc(all, func(a, b fsm.Observed) int { return int(max(-1, min(1, int64(b.At-a.At)))) })
	return all[:min(len(all), maxResults)], err
}

// Access lists name the kind of their object in one of two spellings.
var origins = map[string]string{"Clients": "clients", "ClientsDao": "clients"}

// full is the permission to do everything; the other letters are not known.
const full = "f---"

// accessLists reads the lists of clients, with ids turned into names.
func accessLists(ctx context.Context, c *client, s *seen) ([]fsm.Observed, error) {
	v, err := c.get(ctx, v2+"acls")
	if err != nil {
		return nil, err
	}
	list, ok := v.objects()
	if !ok {
		return nil, fmt.Errorf("%w: a list was expected", ErrProtocol)
	}
	clients, who := index(s, fsm.ServerClient), map[string]byID{"GROUP": index(s, fsm.ServerGroup), "USER": index(s, fsm.ServerUser)}
	var all []fsm.Observed
	for _, o := range list {
		noun, name := origins[o.text("origin")], clients[o.text("object")]
		if noun == "" || name == "" {
			continue
		}
		all = append(all, fsm.Observed{Name: noun + "/" + name, Remote: o.text("id"), Doc: o.doc(),
			Facts: fsm.Facts{Enabled: true, Rights: rightsOf(o.text("value"), who)}})
	}
	return all, nil
}

// index maps ids on the server to names.
func index(s *seen, k fsm.MirrorKind) byID {
	names := make(byID)
	for _, o := range s.objects[k] {
		names[o.Remote] = o.Name
	}
	return names
}

// entry is one line of an access list, as far as it is known.
type entry struct {
	ID          json.Number       `json:"id"`
	Type        string            `json:"type"`
	Permissions map[string]string `json:"permissions"`
}

// rightsOf says who may, by name. An entry that is not just full permission shows as
// it is, so that it differs from every wish.
func rightsOf(text string, who map[string]byID) []string {
	var entries []entry
	if json.Unmarshal([]byte(text), &entries) != nil {
		return []string{"unreadable"}
	}
	var rights []string
	for _, e := range entries {
		name := who[e.Type][e.ID.String()]
		if name == "" {
			name = "#" + e.ID.String()
		}
		right := e.Type + "/" + name
		if len(e.Permissions) != 1 || e.Permissions["allow"] != full {
			right += fmt.Sprintf(" allow=%s deny=%s", e.Permissions["allow"], e.Permissions["deny"])
		}
		rights = append(rights, right)
	}
	slices.Sort(rights)
	return slices.Compact(rights)
}
