package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Options say how a [Client] works. The zero value of each field has a default.
type Options struct {
	AsOf time.Time // when set, the namespace is read as it was then

	Wait       time.Duration // how long one call bears a storage that is away; 15 minutes
	Stall      time.Duration // how long a transfer may stand still before it is tried again; 1 minute
	MinBackoff time.Duration // pause after the first failure, doubled by each further one; 200 ms
	MaxBackoff time.Duration // 10 s

	Log hclog.Logger // gets a line when the storage goes and when it comes back
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&o.Wait, 15*time.Minute)
	set(&o.Stall, time.Minute)
	set(&o.MinBackoff, 200*time.Millisecond)
	set(&o.MaxBackoff, 10*time.Second)
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	return o
}

// Client speaks to one namespace of one storage. It repeats what failed for want
// of a storage, and gives up at once on a refusal that would come again. Its
// methods are safe for concurrent use.
type Client struct {
	urls []string
	ns   string
	http *http.Client
	opt  Options
	line *line
	skew atomic.Int64
}

// NewClient returns a client of the namespace at the storage that is reachable
// under any of the URLs (scheme, host, port), which are tried in turn. The HTTP
// client shows this node's certificate and verifies the storage's; it must not
// follow redirects nor have a total timeout. The error wraps [ErrName].
func NewClient(hc *http.Client, urls []string, ns string, opt Options) (*Client, error) {
	if err := CheckNamespace(ns); err != nil {
		return nil, err
	}
	if len(urls) == 0 {
		return nil, fmt.Errorf("%w: no URL of a storage", ErrName)
	}
	for _, u := range urls {
		parsed, err := url.Parse(u)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
			return nil, fmt.Errorf("%w: storage URL %q", ErrName, u)
		}
	}
	opt = opt.withDefaults()
	return &Client{urls: urls, ns: ns, http: hc, opt: opt, line: &line{log: opt.Log}}, nil
}

// Skew returns how far the storage's clock was ahead of this node's, to some seconds,
// when it last answered.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

type fenceKey struct{}

// WithFence returns a context under which every request carries the fence of the
// order that it is made for.
func WithFence(ctx context.Context, f Fence) context.Context {
	return context.WithValue(ctx, fenceKey{}, f)
}

// Sink takes a blob's bytes. Reset forgets what was written, when a transfer is
// begun again.
type Sink interface {
	io.Writer
	Reset()
}

// Body is the content of a blob: Open is called once for each attempt. Nothing is
// read of it any more once [Client.Put] has returned, so that its memory can be used
// again.
type Body interface {
	Length() int
	Open() io.ReadCloser
}

// Get writes a blob to w, or length bytes of it from offset on when length is not
// negative. A blob that ends sooner is [ErrRange].
func (c *Client) Get(ctx context.Context, name string, offset, length int64, w Sink) error {
	n, err := c.read(ctx, name, offset, length, w)
	if err == nil && length >= 0 && n != length {
		err = fmt.Errorf("read blob %s: %w: %d bytes at %d, wanted %d", name, ErrRange, n, offset, length)
	}
	return err
}

// GetUpTo is Get, but a blob that ends sooner is no error: it returns how many
// bytes there were.
func (c *Client) GetUpTo(ctx context.Context, name string, offset, length int64, w Sink) (int64, error) {
	return c.read(ctx, name, offset, length, w)
}

func (c *Client) read(ctx context.Context, name string, offset, length int64, w Sink) (int64, error) {
	if offset < 0 {
		return 0, fmt.Errorf("read blob %s: %w: offset %d", name, ErrRange, offset)
	}
	if length == 0 { // no range header can say this
		info, err := c.Stat(ctx, name)
		if err == nil && offset > info.Size {
			err = fmt.Errorf("read blob %s: %w: offset %d", name, ErrRange, offset)
		}
		w.Reset()
		return 0, err
	}
	var n int64
	err := c.retry(ctx, "read blob "+name, func(ctx context.Context, base string) error {
		w.Reset()
		req, err := c.request(ctx, http.MethodGet, base, name, nil)
		if err != nil {
			return err
		}
		want := http.StatusOK
		if length > 0 {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
			want = http.StatusPartialContent
		} else if offset > 0 {
			return fmt.Errorf("%w: offset without length", ErrRange)
		}
		return c.exchange(req, want, func(resp *http.Response) error {
			n, err = io.Copy(w, resp.Body)
			return err
		})
	})
	return n, err
}

// Fetch hands the whole of a blob to take: what the storage says of it, and its
// bytes. When the transfer breaks off, take is called again. An error of take that is
// one of this package's final ones ends it.
func (c *Client) Fetch(ctx context.Context, name string, take func(Info, io.Reader) error) error {
	return c.retry(ctx, "fetch blob "+name, func(ctx context.Context, base string) error {
		req, err := c.request(ctx, http.MethodGet, base, name, nil)
		if err != nil {
			return err
		}
		return c.exchange(req, http.StatusOK, func(resp *http.Response) error {
			info, err := infoOf(resp, name)
			if err != nil {
				return err
			}
			info.Size = resp.ContentLength
			return take(info, resp.Body)
		})
	})
}

// Stat returns what the storage knows of a blob.
func (c *Client) Stat(ctx context.Context, name string) (Info, error) {
	var info Info
	err := c.retry(ctx, "look at blob "+name, func(ctx context.Context, base string) error {
		req, err := c.request(ctx, http.MethodHead, base, name, nil)
		if err != nil {
			return err
		}
		return c.exchange(req, http.StatusOK, func(resp *http.Response) error {
			info, err = infoOf(resp, name)
			info.Size = resp.ContentLength
			return err
		})
	})
	return info, err
}

// Put stores a blob. A blob that is there already with the same bytes is success,
// with other bytes [ErrExists], unless replace is set and the name is [Replaceable].
func (c *Client) Put(ctx context.Context, name string, body Body, replace bool) (Info, error) {
	sum, err := checksum(body)
	if err != nil {
		return Info{}, fmt.Errorf("store blob %s: %w", name, err)
	}
	var info Info
	err = c.retry(ctx, "store blob "+name, func(ctx context.Context, base string) error {
		info, err = c.put(ctx, base, name, body, sum, replace)
		var r *refusal
		if errors.As(err, &r) && r.code == CodeExists && r.info.Sum == sum {
			info, err = r.info, nil // this blob, by an attempt whose answer was lost or by a twin
		}
		return err
	})
	info.Size = int64(body.Length())
	return info, err
}

func (c *Client) put(ctx context.Context, base, name string, body Body, sum [32]byte, replace bool) (Info, error) {
	lent := &loan{ReadCloser: body.Open()}
	defer lent.end()
	content := paced(ctx, lent)
	req, err := c.request(ctx, http.MethodPut, base, name, content)
	if err != nil {
		return Info{}, errors.Join(err, content.Close())
	}
	req.ContentLength = int64(body.Length())
	if req.ContentLength == 0 {
		req.Body = http.NoBody
	}
	req.Header.Set(HeaderSum, hex.EncodeToString(sum[:]))
	if !replace {
		req.Header.Set("If-None-Match", "*")
	}
	var info Info
	err = c.exchange(req, http.StatusCreated, func(resp *http.Response) error {
		info, err = infoOf(resp, name)
		return err
	})
	return info, err
}

// Delete removes a blob. That it is gone already is success, since an earlier
// attempt may have done it.
func (c *Client) Delete(ctx context.Context, name string) error {
	return c.retry(ctx, "delete blob "+name, func(ctx context.Context, base string) error {
		req, err := c.request(ctx, http.MethodDelete, base, name, nil)
		if err != nil {
			return err
		}
		err = c.exchange(req, http.StatusNoContent, func(*http.Response) error { return nil })
		if errors.Is(err, ErrMissing) {
			return nil
		}
		return err
	})
}

// request builds a request for one blob, or for the namespace when the name is empty.
func (c *Client) request(ctx context.Context, method, base, name string, body io.Reader) (*http.Request, error) {
	if name != "" {
		if err := CheckName(name); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, base+"/v1/"+c.ns+"/"+name, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !c.opt.AsOf.IsZero() && (method == http.MethodGet || method == http.MethodHead) {
		req.URL.RawQuery = url.Values{"as_of": {c.opt.AsOf.UTC().Format(time.RFC3339Nano)}}.Encode()
	}
	if fence, ok := ctx.Value(fenceKey{}).(Fence); ok && fence != (Fence{}) {
		req.Header.Set(HeaderFence, fence.String())
	}
	return req, nil
}

// refused makes an error of an answer, and reads what little body it has.
func refused(resp *http.Response) error {
	r := &refusal{status: resp.StatusCode, code: resp.Header.Get(HeaderError)}
	if text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10)); err == nil {
		r.detail = string(text)
	}
	if r.code == CodeExists {
		info, err := infoOf(resp, "")
		if err != nil {
			return err
		}
		r.info = info
	}
	return r
}

func infoOf(resp *http.Response, name string) (Info, error) {
	nanos, err := strconv.ParseInt(resp.Header.Get(HeaderCreated), 10, 64)
	if err != nil {
		return Info{}, fmt.Errorf("%w: answer without %s", ErrInvalid, HeaderCreated)
	}
	info := Info{Name: name, Created: time.Unix(0, nanos)}
	if n, err := hex.Decode(info.Sum[:], []byte(resp.Header.Get(HeaderSum))); err != nil || n != len(info.Sum) {
		return Info{}, fmt.Errorf("%w: answer without %s", ErrInvalid, HeaderSum)
	}
	return info, nil
}

func checksum(body Body) (sum [32]byte, err error) {
	r := body.Open()
	h := sha256.New()
	_, err = io.Copy(h, r)
	h.Sum(sum[:0])
	return sum, errors.Join(err, r.Close())
}
