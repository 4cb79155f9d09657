package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"bcm/agent/storage/blob"
	"bcm/fsm"

	"golang.org/x/sync/errgroup"
)

const (
	// fetchers is how many blobs a copy fetches at once.
	fetchers = 4
	// trimShare is which part of what a copy has may go in one trim that nobody
	// confirmed: one in so many bytes.
	trimShare = 4
	// stayShare is which part of the bytes of each kind of blobs must stay in such a
	// trim: one in so many. Indexes and directories are small beside data, and nothing
	// can be read without them. What stays is bounded, and by bytes: the engine
	// replaces twenty of them by one of the same size.
	stayShare = 4
)

// copying brings a namespace of another storage here. What is here already stays, so
// that a copy that broke off goes on where it was.
type copying struct {
	store    *Store
	source   *blob.Client
	ns       string
	repair   bool
	trim     fsm.Trim
	quota    int64
	throttle throttle
	progress func(fsm.Progress)

	mu       sync.Mutex
	done     fsm.Progress
	report   fsm.CopyReport
	problems []string
}

// run copies. An error says that what is here is not all that the source has.
func (c *copying) run(ctx context.Context) error {
	theirs, err := c.source.ListAll(ctx)
	if err != nil {
		return err
	}
	wanted, doubtful := c.compare(theirs)
	if err := c.fetchAll(ctx, wanted); err != nil {
		return err
	}
	if err := c.settle(ctx, doubtful); err != nil {
		return err
	}
	if c.report.Refused > 0 {
		return fmt.Errorf("%w: %d blobs of the source are damaged", blob.ErrDamaged, c.report.Refused)
	}
	if c.repair {
		return nil
	}
	return c.prune(theirs)
}

// compare tells which blobs are to be fetched, data before what points to it, and
// which are here but perhaps not the same.
func (c *copying) compare(theirs []blob.Info) (wanted, doubtful []blob.Info) {
	lost := make(map[string]bool)
	for _, name := range c.store.Lost(c.ns) {
		lost[name] = true
	}
	for _, info := range theirs {
		e, here := c.store.lookup(c.ns, info.Name)
		switch {
		case info.Lost || blob.Ephemeral(info.Name):
		case here && !c.repair && (e.size != info.Size || e.created != info.Created.UnixNano()):
			doubtful = append(doubtful, info)
		case !here && (lost[info.Name] || !c.repair):
			wanted = append(wanted, info)
			c.done.TotalFiles++
			c.done.TotalBytes += info.Size
		}
	}
	slices.SortStableFunc(wanted, func(a, b blob.Info) int { return cmp.Compare(rank(a.Name), rank(b.Name)) })
	return wanted, doubtful
}

// rank orders blobs: packs first, then the rest.
func rank(name string) int {
	if strings.HasPrefix(name, "p") || strings.HasPrefix(name, "q") {
		return 0
	}
	return 1
}

func (c *copying) fetchAll(ctx context.Context, wanted []blob.Info) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for _, info := range wanted {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error { return c.fetch(inner, info.Name, false) })
	}
	return errors.Join(group.Wait(), context.Cause(ctx))
}

// fetch brings one blob here, with the time at which its source stored it. One that
// the source does not have any more, or gives damaged, is no error yet.
func (c *copying) fetch(ctx context.Context, name string, replace bool) error {
	var size int64
	err := c.source.Fetch(ctx, name, func(info blob.Info, body io.Reader) error {
		size = info.Size
		_, err := c.store.Put(Offer{Namespace: c.ns, Name: name, Size: info.Size, Sum: info.Sum, Created: info.Created,
			Quota: c.quota, Replace: replace}, c.throttle.reader(ctx, body))
		if errors.Is(err, errChecksum) {
			return fmt.Errorf("%w: %w", blob.ErrDamaged, err)
		}
		return err
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, blob.ErrDamaged):
		c.report.Refused++
		c.tell(name, "the source gave other bytes than it says that it has")
		return nil
	case errors.Is(err, blob.ErrMissing), errors.Is(err, blob.ErrExists):
		return nil // pruned, or here, meanwhile
	case err != nil:
		return err
	}
	c.done.Phase, c.done.Item = "copy", name
	c.done.Files++
	c.done.Bytes += size
	c.done.Uploaded += size
	c.progress(c.done)
	return nil
}

// settle looks closer at blobs that are here with another time or size: the same
// bytes are the same blob. What the source replaced is replaced only when it is the
// engine's note that may be; anything else here is the older, and stays.
func (c *copying) settle(ctx context.Context, doubtful []blob.Info) error {
	for _, info := range doubtful {
		theirs, err := c.source.Stat(ctx, info.Name)
		if errors.Is(err, blob.ErrMissing) {
			continue
		}
		if err != nil {
			return err
		}
		mine, err := c.store.Stat(c.ns, info.Name)
		switch {
		case errors.Is(err, blob.ErrMissing), errors.Is(err, errDamaged):
			c.tell(info.Name, "is damaged here; the next scrub mends it")
		case err != nil:
			return err
		case mine.Sum == theirs.Sum:
		case blob.Replaceable(info.Name):
			if err := c.fetch(ctx, info.Name, true); err != nil {
				return err
			}
		default:
			c.report.Differ++
			c.tell(info.Name, "the source has other bytes under this name; what is here stays")
		}
	}
	return nil
}

func (c *copying) tell(name, why string) {
	if len(c.problems) < mostTold {
		c.problems = append(c.problems, name+": "+why)
	}
}

// prune takes away what the source does not have any more, as far as the trim lets
// it; see the package's documentation for the rule.
func (c *copying) prune(theirs []blob.Info) error {
	there := make(map[string]bool, len(theirs))
	for _, info := range theirs {
		there[info.Name] = true
	}
	mine, err := c.store.List(c.ns, "", time.Time{})
	if err != nil {
		return err
	}
	if c.trim != fsm.TrimNone && len(theirs) > 0 {
		if err := c.forget(there); err != nil {
			return err
		}
	}
	var extra []blob.Info
	var all, bytes int64
	for _, info := range mine {
		all += info.Size
		if !there[info.Name] && !blob.Ephemeral(info.Name) && !strings.HasPrefix(info.Name, "kopia.") {
			extra = append(extra, info)
			bytes += info.Size
		}
	}
	c.report.Extra = int64(len(extra))
	if c.trim == fsm.TrimNone || len(extra) == 0 {
		return nil
	}
	if c.trim == fsm.TrimBounded && (bytes > all/trimShare || len(theirs) == 0) {
		c.tell(c.ns, fmt.Sprintf("the source has lost or pruned %d blobs with %d of %d bytes; so many are kept here until somebody confirms that they may go",
			len(extra), bytes, all))
		return nil
	}
	if kind, left := stripped(mine, extra); c.trim == fsm.TrimBounded && kind != "" {
		c.tell(c.ns, fmt.Sprintf("the source has lost or pruned nearly all %s blobs, %d bytes would be left; they are kept here until somebody confirms that they may go", kind, left))
		return nil
	}
	for _, info := range extra {
		err := c.store.Delete(c.ns, info.Name, false)
		if errors.Is(err, blob.ErrYoung) || errors.Is(err, blob.ErrMissing) {
			continue
		}
		if err != nil {
			return err
		}
		c.report.Trimmed++
		c.report.Extra--
	}
	return nil
}

// forget gives up what is lost here and the source does not miss: it was pruned there,
// or given up.
func (c *copying) forget(there map[string]bool) error {
	for _, name := range c.store.Lost(c.ns) {
		if there[name] {
			continue
		}
		if _, err := c.store.giveUpOne(c.ns, name); err != nil {
			return err
		}
	}
	return nil
}

// stripped names a kind of blobs of which too little would be left without those, and
// how many bytes that would be; "" when there is none.
func stripped(all, without []blob.Info) (kind string, left int64) {
	was, stays := make(map[string]int64), make(map[string]int64)
	for _, info := range all {
		was[kindOf(info.Name)] += info.Size
		stays[kindOf(info.Name)] += info.Size
	}
	for _, info := range without {
		stays[kindOf(info.Name)] -= info.Size
	}
	for _, kind := range []string{"data", "directory", "index"} {
		if stays[kind] < was[kind]/stayShare || was[kind] > 0 && stays[kind] == 0 {
			return kind, stays[kind]
		}
	}
	return "", 0
}

// kindOf is what a blob is to the engine, by its name; "" for what is of no kind that
// reading needs.
func kindOf(name string) string {
	switch name[0] {
	case 'p':
		return "data"
	case 'q':
		return "directory"
	case 'x', 'n', 'm':
		return "index"
	}
	return ""
}
