package api

import (
	"context"
	"io"
	"time"

	"bcm/fsm"
)

// Cluster is what the door needs of the managers' agreement.
type Cluster interface {
	// Apply makes one change and returns when it is visible here.
	Apply(ctx context.Context, by string, cmd fsm.Command) (fsm.Result, error)
	// View gives the state, as fresh as asked.
	View(ctx context.Context, f fsm.Freshness) (*fsm.View, error)

	// Orders answers a node's question when the answer differs from after, or
	// after three seconds. Passwords in it are open.
	Orders(ctx context.Context, node string, after uint64) (fsm.Orders, error)
	// Seen notes that a node has called.
	Seen(node string)
	// SetProgress notes how far runs are.
	SetProgress(progress []fsm.Progress)
	// Progress tells how far a run is, if that is known.
	Progress(run string) (fsm.Progress, bool)
	// Progresses gives the progress of all runs.
	Progresses() []fsm.Progress
	// ProgressChanged is closed at the next change of any progress.
	ProgressChanged() <-chan struct{}

	// TryLogin tells how long to wait before somebody in that network may try to
	// log in under that name; zero when they may now. Tries are counted for all
	// managers together.
	TryLogin(ctx context.Context, account, from string) time.Duration
	// TellLogin notes how a login went that was allowed to be tried.
	TellLogin(ctx context.Context, account, from string, ok bool)

	// Status tells how this manager and its group are.
	Status() Status
	// TransferLeadership hands the leadership over; "" lets the cluster choose.
	TransferLeadership(ctx context.Context, to string) error
	// RemoveMember takes a manager out of the group.
	RemoveMember(ctx context.Context, id string) error
	// SaveSnapshot gives the whole state as of now.
	SaveSnapshot(ctx context.Context) (io.ReadCloser, error)
	// RestoreSnapshot replaces the whole state, on all managers.
	RestoreSnapshot(ctx context.Context, from io.Reader) error
}

// Status is how a manager sees its group.
type Status struct {
	Leader           string // id; "" while there is none
	LeaderName       string
	LeaderAPI        string // host:port of its HTTPS API
	IsLeader         bool   // this manager
	Term             uint64
	CommitIndex      uint64
	AppliedIndex     uint64
	LastContact      time.Duration // since the leader was heard of
	Members          []Member
	FailureTolerance int // managers that may be lost now
}

// Member is a manager in the group.
type Member struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Address   string `json:"address"`
	Voter     bool   `json:"voter"`
	Healthy   bool   `json:"healthy"`
	LastIndex uint64 `json:"last_index"`
}

// Stored is a backup that can be looked into.
type Stored struct {
	Backup     string // id
	Repository fsm.RepositoryAccess
	Snapshot   string
}

// Files looks into stored backups.
type Files interface {
	// List gives the entries of a directory of the backup, in order of their
	// names. A path that does not exist is [fsm.NotFound].
	List(ctx context.Context, s Stored, path string) ([]File, error)
	// Open gives the content of a regular file.
	Open(ctx context.Context, s Stored, path string) (io.ReadCloser, File, error)
	// Walk visits what is at a path of the backup and all below, a folder before
	// what is in it; rel is "" for the path itself, else the way from it. It ends
	// with the first error, of its own or of visit.
	Walk(ctx context.Context, s Stored, path string, visit func(rel string, f File, open func() (io.ReadCloser, error)) error) error
	// Find looks for a name in backups.
	Find(ctx context.Context, q FileQuery) (FileFindings, error)
	// History gives the states of what is at a path in backups of one repository,
	// in their order.
	History(ctx context.Context, in []Stored, path string) ([]FileVersion, error)
	// Snapshots gives all that a repository itself says that it has, the oldest
	// first; of s, Backup and Snapshot are empty.
	Snapshots(ctx context.Context, s Stored) ([]Snapshot, error)
}

// File is an entry of a directory in a backup.
type File struct {
	Name       string    `json:"name"`
	Path       string    `json:"path" doc:"Within the backup"`
	Type       string    `json:"type" doc:"file, directory, symlink or other"`
	Size       int64     `json:"size" doc:"Bytes"`
	Mode       string    `json:"mode" example:"0644" doc:"Permission bits in octal"`
	ModifiedAt time.Time `json:"modified_at"`
	Owner      string    `json:"owner,omitempty" doc:"User and group ids"`
	Target     string    `json:"target,omitempty" doc:"Of a symlink"`
}
