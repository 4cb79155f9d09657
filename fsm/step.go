package fsm

import (
	"cmp"
	"slices"
	"strings"
)

// StepKind tells what a step does.
type StepKind string

// The kinds of steps.
const (
	CreateStep  StepKind = "create"
	ChangeStep  StepKind = "change"
	DisableStep StepKind = "disable"
	RemoveStep  StepKind = "remove"
)

// Step is one change that brings a server nearer to what the cluster wants.
type Step struct {
	Do     StepKind   `cbor:"do"`
	Kind   MirrorKind `cbor:"kind"`
	Name   string     `cbor:"name"`
	Remote string     `cbor:"remote,omitempty"` // its id on the server
	Facts  Facts      `cbor:"facts,omitzero"`   // what is wanted
	Was    *Facts     `cbor:"was,omitempty"`    // what was found; nil when there is none
	Fields []string   `cbor:"fields,omitempty"` // the facts that differ
	User   string     `cbor:"user,omitempty"`   // id of the user whose password goes with it
	Sealed []byte     `cbor:"sealed,omitempty"` // that password, sealed under "secret/USER"
	Secret string     `cbor:"secret,omitempty"` // opened by the manager that hands the order out; never written to disk
}

// serverGroups says under which names servers have the groups that every cluster
// has. Auditors have no counterpart there.
var serverGroups = map[string]string{
	superusersID: "SUPERUSER", "administrators": "ADMIN", "operators": "OPERATOR",
	"restore-users": "RESTORE", "backup-users": "BACKUP",
}

// builtIn are the accounts that a server has by itself. They are never touched.
var builtIn = []string{"administrator", "root", "sesam"}

// Spared tells whether an object of a server is never touched: the accounts and
// groups that it has by itself, and the account under which the cluster enters.
func (s *Server) Spared(kind MirrorKind, name string) bool {
	switch kind {
	case ServerUser:
		return name == s.Account || slices.Contains(builtIn, strings.ToLower(name))
	case ServerGroup:
		for _, predefined := range serverGroups {
			if name == predefined {
				return true
			}
		}
	}
	return false
}

// wants gives the objects of a kind as the cluster wants them on a server, by name.
func (t *tables) wants(s *Server, kind MirrorKind) map[string]*Step {
	all := make(map[string]*Step)
	add := func(name string, f Facts, user string) {
		if !s.Spared(kind, name) {
			all[name] = &Step{Kind: kind, Name: name, Facts: f, User: user}
		}
	}
	switch kind {
	case ServerGroup:
		for g := range t.Groups.All() {
			if !g.Predefined {
				add(g.Name, Facts{Enabled: true, Comment: g.Description}, "")
			}
		}
	case ServerUser:
		for u := range t.Users.All() {
			add(u.Name, Facts{Enabled: u.Enabled, Comment: u.FullName, Groups: t.groupsThere(u)}, u.ID)
		}
	case ServerACL:
		for _, l := range t.listsThere(s) {
			add(l.name, Facts{Enabled: true, Rights: l.rights}, "")
		}
	}
	return all
}

// groupsThere names the groups of a user as servers have them.
func (t *tables) groupsThere(u *User) []string {
	var names []string
	for _, id := range u.Groups {
		g, ok := t.Groups.Get(id)
		switch {
		case !ok:
		case !g.Predefined:
			names = append(names, g.Name)
		case serverGroups[g.ID] != "":
			names = append(names, serverGroups[g.ID])
		}
	}
	return sorted(names)
}

// syncedKinds are the kinds of objects that are kept in step, those first on which
// others depend, with the capability that each needs.
var syncedKinds = []struct {
	kind MirrorKind
	need string
}{{ServerGroup, CanGroups}, {ServerUser, CanUsers}, {ServerACL, CanACLs}}

// Differences gives the steps that would bring a server to what the cluster wants,
// in the order in which they can be done: what others depend on is made first and
// removed last. Objects that only the server has are disabled; those that the
// cluster had put there are removed. What the server lacks the means for is left
// out. It is a function of the view; when it gives none, the two are in step.
func (t *tables) Differences(s *Server) []Step {
	var build, clear []Step
	for _, k := range syncedKinds {
		if s.Lacks[k.need] != "" {
			continue
		}
		b, c := t.compare(s, k.kind)
		build, clear = append(build, b...), append(c, clear...)
	}
	return append(build, clear...)
}

// compare gives the steps for one kind: those that make and change, and those that
// disable and remove.
func (t *tables) compare(s *Server, kind MirrorKind) (build, clear []Step) {
	wanted := t.wants(s, kind)
	for _, m := range t.Mirrored(s.ID, kind) {
		want := wanted[m.Name]
		delete(wanted, m.Name)
		if want == nil {
			if step := unwanted(s, m); step != nil {
				clear = append(clear, *step)
			}
			continue
		}
		want.Do, want.Remote, want.Was, want.Fields = ChangeStep, m.Remote, &m.Facts, m.Facts.differs(&want.Facts)
		t.addSecret(s, want)
		if len(want.Fields) > 0 {
			build = append(build, *want)
		}
	}
	for _, want := range wanted {
		t.addSecret(s, want)
		want.Do = CreateStep
		build = append(build, *want)
	}
	byName := func(a, b Step) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(build, byName)
	slices.SortFunc(clear, byName)
	return build, clear
}

// unwanted is what becomes of an object that only the server has; nil for nothing.
func unwanted(s *Server, m *Mirror) *Step {
	step := &Step{Do: RemoveStep, Kind: m.Kind, Name: m.Name, Remote: m.Remote, Was: &m.Facts}
	switch {
	case s.Spared(m.Kind, m.Name):
		return nil
	case m.Ours:
		return step
	case m.Kind == ServerACL: // of an object that the cluster says nothing about
		return nil
	case !m.Facts.Enabled:
		return nil
	}
	step.Do, step.Facts, step.Fields = DisableStep, m.Facts, []string{"enabled"}
	step.Facts.Enabled = false
	return step
}

// addSecret adds the password that a server is still to get for a user.
func (t *tables) addSecret(s *Server, step *Step) {
	if p, ok := t.Passwords.Get(step.User); ok && step.Kind == ServerUser && slices.Contains(p.Waiting, s.ID) {
		step.Sealed = p.Sealed
		step.Fields = append(step.Fields, "password")
	}
}

// listThere is an access list as a server has it.
type listThere struct {
	name   string // "clients/NAME"
	rights []string
}

// listsThere gives the access lists that the cluster wants on a server: those of its
// own clients whose names the server has, too.
func (t *tables) listsThere(s *Server) (lists []listThere) {
	kinds := map[string]MirrorKind{clients.name: ServerClient}
	for a := range t.ACLs.All() {
		kind, ok := kinds[a.Noun]
		if !ok {
			continue
		}
		o, err := t.NamedObject(a.Noun, a.Object)
		if err != nil {
			continue
		}
		if _, there := t.Mirror(s.ID, kind, o.Name); there {
			lists = append(lists, listThere{a.Noun + "/" + o.Name, t.rightsThere(a)})
		}
	}
	return lists
}

// rightsThere says who stands on an access list, with names as servers have them.
func (t *tables) rightsThere(a *ACL) []string {
	var rights []string
	for _, id := range a.GroupIDs {
		g, ok := t.Groups.Get(id)
		if !ok {
			continue
		}
		name := g.Name
		if g.Predefined {
			name = serverGroups[g.ID]
		}
		if name != "" {
			rights = append(rights, "GROUP/"+name)
		}
	}
	for _, id := range a.UserIDs {
		if u, ok := t.Users.Get(id); ok {
			rights = append(rights, "USER/"+u.Name)
		}
	}
	return sorted(rights)
}
