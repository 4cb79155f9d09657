package blob

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Names of headers.
const (
	// HeaderSum carries the SHA-256 of a blob, in hexadecimal.
	HeaderSum = "X-Sha256"
	// HeaderCreated carries when the storage stored the blob, in nanoseconds since 1970.
	HeaderCreated = "Bcm-Created"
	// HeaderError carries the code of a refusal.
	HeaderError = "Bcm-Error"
	// HeaderFence carries the fence under which the sender works, as [Fence.String] writes it.
	HeaderFence = "Bcm-Fence"
)

// Codes of refusals.
const (
	CodeInvalid   = "invalid"   // the request is wrong and will be wrong again
	CodeForbidden = "forbidden" // the peer has no right to this
	CodeStale     = "stale"     // the storage does not know the rights well enough at this time
	CodeMissing   = "missing"   // there is no such blob
	CodeExists    = "exists"    // there is such a blob
	CodeYoung     = "young"     // the blob is too young to be deleted
	CodeQuota     = "quota"     // the namespace's quota does not hold it
	CodeFull      = "full"      // the storage's disk does not hold it
	CodeChecksum  = "checksum"  // other bytes arrived than the checksum says
	CodeFailed    = "failed"    // the storage could not; it may later
)

const (
	maxNamespace = 63
	maxName      = 200
)

// ErrName is wrapped when a namespace or a blob has a name that no storage keeps.
var ErrName = errors.New("not a valid name")

// CheckNamespace refuses what is not 1 to 63 characters a-z, 0-9, '-' and '_',
// beginning with a letter or a digit.
func CheckNamespace(ns string) error {
	if ns == "" || len(ns) > maxNamespace || ns[0] == '-' || ns[0] == '_' {
		return fmt.Errorf("%w: namespace %q", ErrName, ns)
	}
	for i := range len(ns) {
		if c := ns[i]; !lower(c) && !digit(c) && c != '-' && c != '_' {
			return fmt.Errorf("%w: namespace %q", ErrName, ns)
		}
	}
	return nil
}

// CheckName refuses what is not 1 to 200 characters a-z, A-Z, 0-9, '-', '_' and
// '.', beginning with a letter, a digit or '_'. No such name leaves a directory.
func CheckName(name string) error {
	if name == "" || len(name) > maxName || name[0] == '-' || name[0] == '.' {
		return fmt.Errorf("%w: blob %q", ErrName, name)
	}
	for i := range len(name) {
		if c := name[i]; !lower(c) && !upper(c) && !digit(c) && c != '-' && c != '_' && c != '.' {
			return fmt.Errorf("%w: blob %q", ErrName, name)
		}
	}
	return nil
}

func lower(c byte) bool { return c >= 'a' && c <= 'z' }
func upper(c byte) bool { return c >= 'A' && c <= 'Z' }
func digit(c byte) bool { return c >= '0' && c <= '9' }

// Replaceable tells whether a blob may be replaced, by a peer that may delete. It
// is one blob: the engine's note of when the repository was last maintained.
func Replaceable(name string) bool { return name == "kopia.maintenance" }

// Ephemeral tells whether a peer that may write may also delete the blob: the
// engine's marks of a session that is going on, which it takes away at the end.
// Nothing that is needed to read a backup is among them.
func Ephemeral(name string) bool { return strings.HasPrefix(name, "s") }

// Info is what a storage knows of a blob.
type Info struct {
	Name    string
	Size    int64
	Created time.Time // by the storage's clock
	Sum     [32]byte  // SHA-256; zero in a listing
	Lost    bool      // the storage ought to have it and cannot give it; in a listing that asks for such
}

// Fence orders the holders of one right in time: of two, the later one has the
// greater fence. It is the recovery epoch and the raft index of the assignment.
// The zero Fence stands for none.
type Fence struct {
	Epoch, Index uint64
}

// Less tells whether f was given before g.
func (f Fence) Less(g Fence) bool {
	return f.Epoch < g.Epoch || f.Epoch == g.Epoch && f.Index < g.Index
}

// String writes the fence as "epoch.index".
func (f Fence) String() string {
	return strconv.FormatUint(f.Epoch, 10) + "." + strconv.FormatUint(f.Index, 10)
}

// ParseFence reads what [Fence.String] writes. The error wraps [ErrName].
func ParseFence(s string) (Fence, error) {
	epoch, index, ok := strings.Cut(s, ".")
	if !ok {
		return Fence{}, fmt.Errorf("%w: fence %q", ErrName, s)
	}
	e, err := strconv.ParseUint(epoch, 10, 64)
	if err != nil {
		return Fence{}, fmt.Errorf("%w: fence %q", ErrName, s)
	}
	i, err := strconv.ParseUint(index, 10, 64)
	if err != nil {
		return Fence{}, fmt.Errorf("%w: fence %q", ErrName, s)
	}
	return Fence{Epoch: e, Index: i}, nil
}

// Line is one line of a listing: a blob, or the end mark.
type Line struct {
	Name    string `json:"name,omitempty"`
	Size    int64  `json:"size,omitempty"`
	Created int64  `json:"created,omitempty"` // nanoseconds since 1970
	Lost    bool   `json:"lost,omitempty"`
	End     bool   `json:"end,omitempty"`
	Count   int    `json:"count,omitempty"` // in the end mark: how many blobs the listing has
}
