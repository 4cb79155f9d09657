package api

import (
	"iter"
	"slices"
	"strings"
	"time"

	"bcm/fsm"
)

// Lists show what SEP sesam servers have beside what is the grid's own. Those rows are
// made of what was seen of the servers; they can be looked at, not changed.

// Origin is where an object comes from.
type Origin struct {
	Origin string     `json:"origin" doc:"cluster, or the name of the SEP sesam server that it was seen on"`
	SeenAt *time.Time `json:"seen_at,omitempty" doc:"Of what was seen on a server: since when it is known to be so"`
	Stale  bool       `json:"stale,omitempty" doc:"The server cannot be reached: this is how it was when it could be"`
}

// originOf tells where the row with that id comes from.
func originOf(v *fsm.View, id string) Origin {
	m, ok := v.Mirrors.Get(id)
	if !ok {
		return Origin{Origin: fsm.OriginCluster}
	}
	return Origin{Origin: nodeName(v, m.Server), SeenAt: moment(m.UpdatedAt), Stale: stale(v, m.Server)}
}

// homeOf is the server in the id of a row that was seen on one; "" for the grid's own.
func homeOf(id string) string {
	if parts := strings.Split(id, "."); len(parts) == 3 {
		return parts[0]
	}
	return ""
}

// byOrigin is the filter for where rows come from.
func byOrigin[T any](meta func(*T) *fsm.Meta) filter[T] {
	return filter[T]{name: "origin", says: "cluster, or the id or name of a SEP sesam server",
		key: func(v *fsm.View, value string) (string, error) {
			if value == fsm.OriginCluster {
				return "", nil
			}
			if n, ok := v.Nodes.Find(value); ok {
				if _, ok := v.Servers.Get(n.ID); ok {
					return n.ID, nil
				}
			}
			return "", invalid("origin", "%q is neither cluster nor a SEP sesam server", value)
		},
		has: func(row *T, key string) bool { return homeOf(meta(row).ID) == key }}
}

// foreign gives the rows of one kind that were seen on servers, as rows of a noun.
func foreign[T any](kind fsm.MirrorKind, row func(v *fsm.View, m *fsm.Mirror) *T) func(v *fsm.View) iter.Seq[*T] {
	return func(v *fsm.View) iter.Seq[*T] {
		return func(yield func(*T) bool) {
			for m := range v.Mirrors.By("kind", string(kind)) {
				if r := row(v, m); r != nil && !yield(r) {
					return
				}
			}
		}
	}
}

func foreignClient(_ *fsm.View, m *fsm.Mirror) *fsm.Client {
	return &fsm.Client{Meta: m.Meta, Name: m.Name}
}

func foreignTask(_ *fsm.View, m *fsm.Mirror) *fsm.Task {
	return &fsm.Task{Meta: m.Meta, Name: m.Name, Client: m.Parent, Enabled: m.Facts.Enabled}
}

func foreignSchedule(_ *fsm.View, m *fsm.Mirror) *fsm.Schedule {
	return &fsm.Schedule{Meta: m.Meta, Name: m.Name, Enabled: m.Facts.Enabled}
}

// foreignUser shows a user whom the cluster does not know once, however many servers
// do.
func foreignUser(v *fsm.View, m *fsm.Mirror) *fsm.User {
	if _, known := v.Users.Find(m.Name); known || firstSeen(v, fsm.ServerUser, m) != m.Server {
		return nil
	}
	return &fsm.User{Meta: m.Meta, Name: m.Name, FullName: m.Facts.Comment, Groups: m.Facts.Groups, Enabled: m.Facts.Enabled, Origin: nodeName(v, m.Server)}
}

func foreignGroup(v *fsm.View, m *fsm.Mirror) *fsm.Group {
	if _, known := v.Groups.Find(m.Name); known || firstSeen(v, fsm.ServerGroup, m) != m.Server {
		return nil
	}
	return &fsm.Group{Meta: m.Meta, Name: m.Name, Description: m.Facts.Comment, Origin: nodeName(v, m.Server)}
}

// firstSeen is the first of the servers that have an object of that name.
func firstSeen(v *fsm.View, kind fsm.MirrorKind, m *fsm.Mirror) string {
	for s := range v.Servers.All() {
		if _, ok := v.Mirror(s.ID, kind, m.Name); ok {
			return s.ID
		}
	}
	return m.Server
}

// originsOf names all that know an object of that name: the cluster when it does, and
// servers.
func originsOf(v *fsm.View, kind fsm.MirrorKind, name string, ours bool) []string {
	origins := []string{}
	for s := range v.Servers.All() {
		if _, ok := v.Mirror(s.ID, kind, name); ok {
			origins = append(origins, nodeName(v, s.ID))
		}
	}
	slices.Sort(origins)
	if ours {
		origins = slices.Insert(origins, 0, fsm.OriginCluster)
	}
	return origins
}

// seenOnServer finds a row that was seen on a server by its id; nil when it is none.
func seenOnServer[T any](c *call, param string, kind fsm.MirrorKind, row func(v *fsm.View, m *fsm.Mirror) *T) *T {
	m, ok := c.view.Mirrors.Get(c.param(param))
	if !ok || m.Kind != kind {
		return nil
	}
	return row(c.view, m)
}
