package fsm

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// OrderKind tells what an order asks for.
type OrderKind string

// The kinds of orders; each belongs to one role.
const (
	BackupOrder  OrderKind = "backup"
	RestoreOrder OrderKind = "restore"
	VerifyOrder  OrderKind = "verify"
	ForgetOrder  OrderKind = "forget"
	PruneOrder   OrderKind = "prune"
	DrillOrder   OrderKind = "drill"
	CopyOrder    OrderKind = "copy"    // from the storage that Repository names
	ScrubOrder   OrderKind = "scrub"   // what the node itself has of Repository
	SyncOrder    OrderKind = "sync"    // bring Server to Revision by Steps
	LaunchOrder  OrderKind = "launch"  // have Server run Launch
	CertifyOrder OrderKind = "certify" // install Pair on the host of Server
	StoreOrder   OrderKind = "store"   // keep blobs for those with a grant; never ends
	WatchOrder   OrderKind = "watch"   // look after Servers; never ends
)

// Standing tells whether orders of the kind never end.
func (k OrderKind) Standing() bool { return k == StoreOrder || k == WatchOrder }

// Order is one piece of work that the state assigns to a node. ID and Attempt
// together name it: work once done under both is not done again.
type Order struct {
	ID      string    `cbor:"id"`
	Kind    OrderKind `cbor:"kind"`
	Role    string    `cbor:"role"`
	Attempt int32     `cbor:"attempt"`
	Fence   Fence     `cbor:"fence"`
	Cancel  bool      `cbor:"cancel,omitempty"`

	Client     string            `cbor:"client,omitempty"` // name
	Task       string            `cbor:"task,omitempty"`   // name
	Source     *Source           `cbor:"source,omitempty"`
	Snapshot   string            `cbor:"snapshot,omitempty"`
	Restore    *Restore          `cbor:"restore,omitempty"`
	Percent    int               `cbor:"percent,omitempty"`
	Backup     string            `cbor:"backup,omitempty"` // id, of a drill
	Files      int               `cbor:"files,omitempty"`  // of a drill
	Trim       Trim              `cbor:"trim,omitempty"`
	Repair     bool              `cbor:"repair,omitempty"`
	GiveUp     bool              `cbor:"give_up,omitempty"` // of a scrub
	Repository *RepositoryAccess `cbor:"repository,omitempty"`
	Grants     []Grant           `cbor:"grants,omitempty"`
	Conduct    *Conduct          `cbor:"conduct,omitempty"` // of a backup
	Servers    []ServerAccess    `cbor:"servers,omitempty"` // of a watch all, of a sync or a certify the one
	Revision   uint64            `cbor:"revision,omitempty"`
	Steps      []Step            `cbor:"steps,omitempty"`
	Launch     *Launch           `cbor:"launch,omitempty"`
	Pair       *Pair             `cbor:"pair,omitempty"` // of a certify
}

// Pair is a certificate with its private key, for the one host that serves it.
type Pair struct {
	ID          string `cbor:"id"` // of the certificate
	Fingerprint string `cbor:"fingerprint"`
	Certificate []byte `cbor:"certificate"`      // PEM
	Sealed      []byte `cbor:"sealed,omitempty"` // the key, as the state has it
	Key         string `cbor:"key,omitempty"`    // PEM; opened by the manager that hands the order out
}

// ServerAccess is how to enter a SEP sesam server.
type ServerAccess struct {
	ID          string `cbor:"id"`
	Name        string `cbor:"name"`
	Address     string `cbor:"address"` // https://host:port
	Account     string `cbor:"account"`
	Sealed      []byte `cbor:"sealed,omitempty"`   // the password, as the state has it
	Password    string `cbor:"password,omitempty"` // opened by the manager that hands the order out
	Fingerprint string `cbor:"fingerprint"`
}

// RepositoryAccess is how to reach a repository.
type RepositoryAccess struct {
	Namespace string `cbor:"namespace"`
	Sealed    []byte `cbor:"sealed,omitempty"`   // the password, as the state has it
	Password  string `cbor:"password,omitempty"` // opened by the manager that hands the order out; never written to disk
	Storages  []Peer `cbor:"storages"`           // the one to use first
	AsOf      Time   `cbor:"as_of,omitempty"`    // it is read as it was then; zero: as it is
}

// Peer is a member to dial.
type Peer struct {
	ID      string `cbor:"id"`
	Address string `cbor:"address"`
}

// Orders is the answer to a node's question what it should be doing.
type Orders struct {
	Version  uint64  `cbor:"version"` // identifies the answer; send it with the next question
	Index    uint64  `cbor:"index"`   // of the view that it was read from
	Items    []Order `cbor:"items"`
	Managers []Peer  `cbor:"managers"` // where managers can be asked, for when the one asked is lost
}

// Orders works out what a node should be doing. It is a function of the view.
func (v *View) Orders(node string) Orders {
	o := Orders{Index: v.Index}
	n, ok := v.Nodes.Get(node)
	if !ok {
		return o
	}
	for b := range v.Backups.By("active", node) {
		o.Items = append(o.Items, v.backupOrder(b))
	}
	for j := range v.Jobs.By("active", node) {
		o.Items = append(o.Items, v.jobOrder(j))
	}
	if n.Has(RoleStorage) {
		o.Items = append(o.Items, Order{ID: "store", Kind: StoreOrder, Role: RoleStorage, Grants: v.grants(node)})
	}
	if all := v.watched(node); len(all) > 0 {
		o.Items = append(o.Items, Order{ID: "watch", Kind: WatchOrder, Role: RoleSesam, Servers: all})
	}
	for m := range v.Nodes.By("role", RoleManager) {
		if m.Addresses.Member != "" {
			o.Managers = append(o.Managers, Peer{m.ID, m.Addresses.Member})
		}
	}
	sum := digest(append(encode(o.Items), encode(o.Managers)...))
	o.Version = binary.BigEndian.Uint64(sum) | 1 // never zero, which asks for an answer at once
	return o
}

// watched lists the servers that a node looks after.
func (v *View) watched(node string) (all []ServerAccess) {
	for s := range v.Servers.By("carrier", node) {
		all = append(all, v.ServerAccess(s))
	}
	return all
}

// ServerAccess tells how to enter a server.
func (v *View) ServerAccess(s *Server) ServerAccess {
	a := ServerAccess{ID: s.ID, Address: s.Address, Account: s.Account, Sealed: s.Password, Fingerprint: s.Fingerprint}
	if n, ok := v.Nodes.Get(s.ID); ok {
		a.Name = n.Name
	}
	return a
}

func (v *View) backupOrder(b *Backup) Order {
	o := Order{ID: b.ID, Kind: BackupOrder, Role: RoleBackupManager, Attempt: b.Attempt, Fence: b.Fence,
		Cancel: b.Cancel, Source: b.Source, Repository: v.access(b.Repository, b.Storages)}
	if t, ok := v.Tasks.Get(b.Task); ok {
		o.Task, o.Source, o.Conduct = t.Name, &t.Source, &t.Conduct
	}
	if c, ok := v.Clients.Get(b.Client); ok {
		o.Client = c.Name
	}
	return o
}

func (v *View) jobOrder(j *Job) Order {
	o := Order{ID: j.ID, Kind: OrderKind(j.Kind), Role: j.Kind.Role(), Attempt: j.Attempt, Fence: j.Fence,
		Cancel: j.Cancel, Percent: j.Percent, Trim: j.Trim, Repair: j.Repair, GiveUp: j.GiveUp, Repository: v.access(j.Repository, v.readable(j.Repository, j.Storage))}
	if b, ok := v.Backups.Get(j.Backup); ok {
		o.Snapshot = b.Snapshot
		if c, ok := v.Clients.Get(b.Client); ok {
			o.Client = c.Name
		}
	}
	if j.Kind == DrillJob {
		o.Backup, o.Files = j.Backup, j.Files
	}
	if j.Kind == RestoreJob {
		o.Restore = &j.Restore
		if j.Snapshot != "" {
			o.Snapshot = j.Snapshot
		}
		if o.Repository != nil {
			o.Repository.AsOf = j.AsOf
		}
	}
	if s, ok := v.Servers.Get(j.Server); ok {
		o.Servers, o.Revision, o.Steps, o.Launch = []ServerAccess{v.ServerAccess(s)}, j.Revision, j.Steps, j.Launch
	}
	if c, ok := v.Certificates.Get(j.Certificate); ok {
		o.Pair = &Pair{ID: c.ID, Fingerprint: c.Fingerprint, Certificate: c.PEM, Sealed: c.Sealed}
	}
	if o.Role == RoleStorage && o.Repository != nil {
		o.Repository.Sealed = nil // a storage never holds a key
	}
	return o
}

// readable lists the storages that have a repository, those that are up first and
// otherwise in the order of the repository; or the one that is wanted.
func (v *View) readable(repository, wanted string) []string {
	if wanted != "" {
		return []string{wanted}
	}
	r, ok := v.Repositories.Get(repository)
	if !ok {
		return nil
	}
	ids := slices.Clone(r.Storages)
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(v.down(a), v.down(b)) })
	return ids
}

// down is 0 for a node that answers and 1 for one that does not.
func (v *View) down(node string) int {
	if n, ok := v.Nodes.Get(node); ok && n.Up() {
		return 0
	}
	return 1
}

// access tells how to reach a repository on the given storages.
func (v *View) access(repository string, storages []string) *RepositoryAccess {
	r, ok := v.Repositories.Get(repository)
	if !ok {
		return nil
	}
	a := &RepositoryAccess{Namespace: r.ID, Sealed: r.Password}
	for _, id := range storages {
		if n, ok := v.Nodes.Get(id); ok && n.Addresses.Storage != "" {
			a.Storages = append(a.Storages, Peer{n.ID, n.Addresses.Storage})
		}
	}
	return a
}

// AccessOf tells how to reach what a backup has stored.
func (v *View) AccessOf(b *Backup) *RepositoryAccess {
	return v.access(b.Repository, v.readable(b.Repository, ""))
}

// AccessTo tells how to reach a repository on one of its storages, or on any when
// that is "".
func (v *View) AccessTo(repository, storage string) *RepositoryAccess {
	return v.access(repository, v.readable(repository, storage))
}

// Progress is how far a run is. It is not part of the state: managers keep it
// in memory.
type Progress struct {
	Run        string `cbor:"run"` // id of the backup or job
	Node       string `cbor:"node"`
	Attempt    int32  `cbor:"attempt"`
	Phase      string `cbor:"phase"`
	Files      int64  `cbor:"files"`
	Bytes      int64  `cbor:"bytes"`
	TotalFiles int64  `cbor:"total_files"` // 0 while unknown
	TotalBytes int64  `cbor:"total_bytes"`
	Uploaded   int64  `cbor:"uploaded"`
	Errors     int64  `cbor:"errors"`
	Rate       int64  `cbor:"rate"` // bytes a second
	ETA        int64  `cbor:"eta"`  // seconds; 0 while unknown
	Item       string `cbor:"item,omitempty"`
}

// SameOrders tells whether nothing has changed since an older view that a node's
// orders are made of. It is much cheaper than to work them out, which a busy log
// would have every node that waits do each time, and says no when in doubt.
func (v *View) SameOrders(old *View, node string) bool {
	n, ok := v.Nodes.Get(node)
	switch {
	case !ok || n.Has(RoleStorage): // whose grants are of other nodes' work
		return false
	case v.Jobs.Count("active", node) > 0 || old.Jobs.Count("active", node) > 0: // which are about other rows
		return false
	case v.Backups.Count("active", node) != old.Backups.Count("active", node):
		return false
	case v.Nodes.LastIndex() > old.Index || v.Tasks.LastIndex() > old.Index || v.Clients.LastIndex() > old.Index ||
		v.Repositories.LastIndex() > old.Index || v.Nodes.Len() != old.Nodes.Len() || v.Servers.LastIndex() > old.Index ||
		v.Servers.Len() != old.Servers.Len():
		return false
	}
	for b := range v.Backups.Since(old.Index) {
		if b.Node == node {
			return false
		}
	}
	return true
}
