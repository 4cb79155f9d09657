package blob

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// List calls fn for each blob whose name begins with the prefix, in the order of
// names, after the whole listing has arrived. It stops at the first error of fn.
func (c *Client) List(ctx context.Context, prefix string, fn func(Info) error) error {
	all, err := c.listing(ctx, url.Values{"prefix": {prefix}})
	if err != nil {
		return err
	}
	for _, info := range all {
		if err := fn(info); err != nil {
			return err
		}
	}
	return nil
}

// ListAll returns all blobs of the namespace, and those that the storage has lost.
func (c *Client) ListAll(ctx context.Context) ([]Info, error) {
	return c.listing(ctx, url.Values{"lost": {""}})
}

func (c *Client) listing(ctx context.Context, query url.Values) (all []Info, err error) {
	if !c.opt.AsOf.IsZero() {
		query.Set("as_of", c.opt.AsOf.UTC().Format(time.RFC3339Nano))
	}
	err = c.retry(ctx, "list blobs", func(ctx context.Context, base string) error {
		req, err := c.request(ctx, http.MethodGet, base, "", nil)
		if err != nil {
			return err
		}
		req.URL.RawQuery = query.Encode()
		return c.exchange(req, http.StatusOK, func(resp *http.Response) error {
			all, err = readListing(resp.Body)
			return err
		})
	})
	return all, err
}

// readListing reads lines up to the end mark. A listing without it was cut: it is
// an error, so that a blob which was not listed is never taken for missing.
func readListing(r io.Reader) ([]Info, error) {
	var all []Info
	dec := json.NewDecoder(bufio.NewReaderSize(r, 64<<10))
	for {
		var l Line
		if err := dec.Decode(&l); err != nil {
			return nil, fmt.Errorf("listing cut after %d blobs: %w", len(all), err)
		}
		if l.End {
			if l.Count != len(all) {
				return nil, fmt.Errorf("listing of %d blobs has %d", l.Count, len(all))
			}
			return all, nil
		}
		if err := CheckName(l.Name); err != nil {
			return nil, fmt.Errorf("%w: listing: %w", ErrInvalid, err)
		}
		all = append(all, Info{Name: l.Name, Size: l.Size, Created: time.Unix(0, l.Created), Lost: l.Lost})
	}
}
