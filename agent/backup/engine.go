package backup

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"

	"bcm/fsm"
)

// Nouns of the state that an engine works with as they are.
type (
	// Source is what to back up.
	Source = fsm.Source
	// Retention says how many snapshots of one task are kept.
	Retention = fsm.Retention
	// Fence orders attempts of runs without a clock.
	Fence = fsm.Fence
	// Overwrite says what becomes of files that are there already.
	Overwrite = fsm.Overwrite
	// Change is what a restore does to the files and links of one kind.
	Change = fsm.Change
)

// Engine makes and reads snapshots in repositories. Its methods are safe for
// concurrent use, also on one repository. They return soon after their context has
// ended. Errors are those of this package, to be recognised with errors.Is.
type Engine interface {
	// Create makes the repository. When it exists already the error is [ErrExists]
	// and nothing has changed; of two that create it at once, one gets that error.
	Create(ctx context.Context, r Repo) error

	// Backup makes a snapshot of the source, and stores again what it needs and the
	// storage has lost. Warnings are no error: they stand in the snapshot. When ctx
	// ends, what was stored until then is kept as an incomplete snapshot for the next
	// backup of the same client and task to go on from, and the error is [ErrCanceled];
	// the snapshot returned with it has no ID if that was not possible in time.
	Backup(ctx context.Context, r Repo, s Source, o BackupOptions, ev Events) (Snapshot, error)

	// Snapshots lists the complete snapshots that the filter lets through, the
	// oldest first.
	Snapshots(ctx context.Context, r Repo, f Filter) ([]Snapshot, error)

	// Browse lists a directory of a snapshot, in the order of names. The root is
	// "/". A path that is not there is [ErrNotFound].
	Browse(ctx context.Context, r Repo, id SnapshotID, path string) ([]Entry, error)

	// Open reads a file of a snapshot. The reader must be closed.
	Open(ctx context.Context, r Repo, id SnapshotID, path string) (io.ReadCloser, error)

	// Walk visits what is at a path and all below, a folder before what is in it. It
	// ends with the first error, of its own or of visit.
	Walk(ctx context.Context, r Repo, id SnapshotID, path string, visit Visit) error

	// Find looks for names in snapshots. What they have in common is read once. A
	// directory that cannot be read ends it with an error.
	Find(ctx context.Context, r Repo, q Query) (Findings, error)

	// History gives the states in which what is at a path is in the snapshots, in
	// their order; those that do not have it are left out.
	History(ctx context.Context, r Repo, ids []SnapshotID, path string) ([]Version, error)

	// Restore puts a directory's content, or a file, into the target directory.
	// What could not be restored is named in the figures, the rest is restored, and
	// the error says that something is missing: [ErrCorrupt] when the repository
	// did not have it whole, [ErrTarget] when it could not be written. What is there
	// and equal is not fetched, so that a restore tried again goes on where it was.
	Restore(ctx context.Context, r Repo, id SnapshotID, path string, t Target, ev Events) (RestoreStats, error)

	// Verify reads snapshots as a restore would, but from the storage itself, never
	// from a cache. Damage is named in the report and the error is [ErrCorrupt].
	Verify(ctx context.Context, r Repo, o VerifyOptions, ev Events) (VerifyReport, error)

	// Forget takes snapshots out of the list: those named by ids, and of each
	// client and task those that keep does not keep, unless keep is zero. It
	// returns which were taken out. That one is gone already is no error.
	Forget(ctx context.Context, r Repo, keep Retention, ids ...SnapshotID) ([]SnapshotID, error)

	// Prune gives back the room of what no snapshot needs any more. It needs the
	// right to delete, which only the holder of the lease has. The engine waits a
	// day and more between finding something useless and deleting it, since a backup
	// may be about to use it; room is therefore freed by a later Prune.
	Prune(ctx context.Context, r Repo, l Lease, ev Events) (PruneStats, error)

	// Close ends the engine. Nothing may be going on in it.
	Close() error
}

// Repo is a repository and how to reach it.
type Repo struct {
	Namespace string
	URLs      []string     // of one storage that has it; the next is tried when one does not answer
	HTTP      *http.Client // shows this node's certificate and verifies the storage's; best the same at every call
	Password  string
	CacheDir  string    // where copies of what was read may lie; one for all repositories; none when empty
	Fence     Fence     // of the order that is being carried out; zero when there is none
	AsOf      time.Time // when set, the repository is read as it was then
}

// Format prints the repository without its password.
func (r Repo) Format(out fmt.State, _ rune) {
	_, _ = fmt.Fprintf(out, "repository %s at %v", r.Namespace, r.URLs)
}

// SnapshotID names a snapshot within its repository.
type SnapshotID string

// BackupOptions say what a backup belongs to.
type BackupOptions struct { //nolint:revive // of several options here, those of a backup
	// Client and Task tell which snapshots are of the same data: a backup stores
	// only what the last one of both does not have. They need not be ids, but
	// whoever renames one pays for it with a backup that reads everything.
	Client, Task string
	// Run and Attempt name the run, and Fence orders its attempts: an attempt is
	// refused with [ErrFenced] when a later one has stored a snapshot, and takes the
	// place of what earlier ones have stored. Run may be empty.
	Run     string
	Attempt int32
	Fence   Fence
	// Throttle bounds how fast it is written to the storage; nil does not.
	Throttle *Throttle
}

// Snapshot is the stored result of a backup.
type Snapshot struct {
	ID           SnapshotID
	Client, Task string
	Run          string
	Attempt      int32
	Fence        Fence
	Started      time.Time
	Ended        time.Time
	Incomplete   bool // something to go on from, nothing to restore

	Files, Dirs, Links int64
	Bytes              int64 // of all files
	NewFiles           int64 // not known from the snapshot before
	NewBytes           int64 // written to the storage; known only to the backup that made it

	WarningCount int64
	Warnings     []Warning // the first ones
}

// Warning is something that was left out, and why; or something else that is not as
// it should be, like a storage that has lost data.
type Warning struct {
	Path   string
	Reason string
}

func (w Warning) String() string { return w.Path + ": " + w.Reason }

// Filter selects snapshots. Empty fields let everything through.
type Filter struct {
	Client, Task, Run string
	Incomplete        bool // incomplete ones too
}

// Match tells whether the filter lets a snapshot through.
func (f Filter) Match(s Snapshot) bool {
	return (f.Client == "" || f.Client == s.Client) && (f.Task == "" || f.Task == s.Task) &&
		(f.Run == "" || f.Run == s.Run) && (f.Incomplete || !s.Incomplete)
}

// Entry is something in a snapshot.
type Entry struct {
	// Name is valid UTF-8 and may be used in a path of this package. Bytes of the
	// real name that are not UTF-8 stand for themselves in a private range.
	Name     string
	Mode     fs.FileMode // with the type
	Size     int64       // of a file; of a directory, all files in it
	Files    int64       // of a directory, all files in it
	Modified time.Time
	UID, GID uint32
	Link     string // where a symbolic link points to
}

// VerifyOptions say what to verify and how thoroughly.
type VerifyOptions struct {
	Snapshots []SnapshotID // all when empty
	// Percent of the files whose data is read, 0 to 100, chosen at random. Of the
	// others it is checked that the storage has what they are made of.
	Percent float64
}

// VerifyReport is what a verification found.
type VerifyReport struct {
	Snapshots    int
	Files        int64 // different ones: what two snapshots have alike counts once
	ReadFiles    int64
	ReadBytes    int64
	ProblemCount int64
	Problems     []Warning    // the first ones
	Hit          []SnapshotID // all that have something damaged in them, in order
}

// Lease is the right to maintain a repository, which one node has at a time.
type Lease interface {
	// Check returns an error when the lease is held no more. It is asked before
	// everything that deletes and must answer at once.
	Check() error
}

// PruneStats are the figures of a Prune.
type PruneStats struct {
	Deleted int64 // blobs
	Young   int64 // blobs that the storage keeps until they are older
}

// Event tells how far work is.
type Event struct {
	Phase                  string // what is being done, a word
	Files, Bytes           int64  // done
	TotalFiles, TotalBytes int64  // estimated; 0 while unknown
	Cached                 int64  // files known from the snapshot before, of those done
	Uploaded               int64  // bytes written to the storage
	Errors                 int
	Rate                   int64         // bytes a second, lately
	ETA                    time.Duration // 0 while unknown
	Item                   string        // what is being worked on
}

// Visit is given what a walk comes by: where it is below the path that was walked,
// with the names that it had on disk and "" for the path itself; and a way to read it
// if it is a file, while visit goes on.
type Visit func(rel string, e Entry, open func() (io.ReadCloser, error)) error

// Events takes how far work is, from one goroutine, at most twice a second and once
// at the end. It must not block for long. It may be nil.
type Events func(Event)
