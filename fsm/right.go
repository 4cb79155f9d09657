package fsm

import (
	"slices"
	"strings"
)

// Right is something that a group may do: an area, a colon and a verb.
type Right string

// The rights. Self is had by everyone who is logged in; All stands for every
// right there is and will be.
const (
	All               Right = "*"
	Self              Right = "self"
	NodesRead         Right = "nodes:read"
	NodesWrite        Right = "nodes:write"
	UsersRead         Right = "users:read"
	UsersWrite        Right = "users:write"
	GroupsRead        Right = "groups:read"
	GroupsWrite       Right = "groups:write"
	TokensRead        Right = "tokens:read"
	TokensWrite       Right = "tokens:write"
	CertificatesRead  Right = "certificates:read"
	CertificatesWrite Right = "certificates:write"
	DataRead          Right = "data:read" // clients, tasks, schedules, repositories, assignments
	DataWrite         Right = "data:write"
	BackupsRead       Right = "backups:read"
	BackupsRun        Right = "backups:run"
	BackupsRestore    Right = "backups:restore"
	BackupsDelete     Right = "backups:delete"
	ClusterRead       Right = "cluster:read"
	ClusterWrite      Right = "cluster:write"
	EventsRead        Right = "events:read"
)

// Rights lists every right that a group can be given, without [All] and [Self].
func Rights() []Right {
	return []Right{
		NodesRead, NodesWrite, UsersRead, UsersWrite, GroupsRead, GroupsWrite, TokensRead, TokensWrite,
		CertificatesRead, CertificatesWrite, DataRead, DataWrite,
		BackupsRead, BackupsRun, BackupsRestore, BackupsDelete, ClusterRead, ClusterWrite, EventsRead,
	}
}

// Access is what one user may do now: the union of the rights of the user's
// groups, and the highest of their ranks.
type Access struct {
	User   string
	Groups []string
	Rights []Right
	Rank   int
}

// Access works out what u may do in this state. A disabled user may nothing.
func (t *tables) Access(u *User) Access {
	a := Access{User: u.Name, Groups: u.Groups}
	if !u.Enabled {
		return a
	}
	a.Rights = []Right{Self}
	for _, name := range u.Groups {
		g, ok := t.Groups.Find(name)
		if !ok {
			continue
		}
		a.Rank = max(a.Rank, g.Rank)
		for _, r := range g.Rights {
			if !slices.Contains(a.Rights, r) {
				a.Rights = append(a.Rights, r)
			}
		}
	}
	return a
}

// May tells whether the right is had.
func (a Access) May(r Right) bool {
	return slices.Contains(a.Rights, All) || slices.Contains(a.Rights, r)
}

// Need refuses when the right is missing, and says which, on what.
func (a Access) Need(r Right, object string) error {
	if a.May(r) {
		return nil
	}
	if object != "" {
		object = " on " + object
	}
	return Errorf(Denied, "user %s needs the right %s%s, which none of the groups %s gives",
		a.User, r, object, orNone(a.Groups))
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	return strings.Join(names, ", ")
}

// Names of the groups that every cluster has. They cannot be changed or removed.
const (
	Superusers     = "Superusers"
	Administrators = "Administrators"
	Operators      = "Operators"
	BackupUsers    = "Backup users"
	RestoreUsers   = "Restore users"
	Auditors       = "Auditors"
)

// predefined gives the groups that a new cluster begins with. Ids equal names:
// they are the same in every cluster.
func predefined() []Group {
	look := []Right{NodesRead, DataRead, BackupsRead, ClusterRead}
	group := func(name, what string, rank int, rights ...Right) Group {
		return Group{Meta: Meta{ID: strings.ReplaceAll(strings.ToLower(name), " ", "-")}, Name: name,
			Description: what, Rank: rank, Rights: rights, Predefined: true, Origin: OriginCluster}
	}
	var administer []Right
	for _, r := range Rights() {
		if r != ClusterWrite {
			administer = append(administer, r)
		}
	}
	return []Group{
		group(Superusers, "May do everything, the cluster itself included", 100, All),
		group(Administrators, "Manage nodes, people, data and backups", 80, administer...),
		group(Operators, "Keep backups going: data, runs, restores and the mode of nodes", 60,
			append(look, NodesWrite, DataWrite, BackupsRun, BackupsRestore, EventsRead, CertificatesRead, UsersRead, GroupsRead)...),
		group(BackupUsers, "Start and watch backups", 40, append(look, BackupsRun)...),
		group(RestoreUsers, "Browse backups and restore from them", 30, append(look, BackupsRestore)...),
		group(Auditors, "See everything, change nothing", 20, append(look, UsersRead, GroupsRead, TokensRead,
			CertificatesRead, EventsRead)...),
	}
}
