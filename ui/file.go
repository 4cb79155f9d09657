package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"path"
	"slices"
	"strings"
)

// page is the one HTML file; every path that is not a file leads to it.
const page = "index.html"

// file is one file of the console in every form it can be sent in.
type file struct {
	kind  string            // Content-Type
	forms map[string][]byte // by encoding; at least one
	tags  map[string]string // by encoding: ETag, of the bytes that are sent
	names []string          // encodings other than identity, best first
}

// readFiles loads a whole tree. The build stores a compressible file as NAME.br
// and NAME.gz without NAME itself; the others stand there as they are.
func readFiles(tree fs.FS) (map[string]*file, error) {
	files := map[string]*file{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		body, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		plain, encoding := split(name)
		f := files[plain]
		if f == nil {
			f = &file{kind: kind(plain), forms: map[string][]byte{}, tags: map[string]string{}}
			files[plain] = f
		}
		f.add(encoding, body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, f := range files {
		if err := f.complete(); err != nil {
			return nil, fmt.Errorf("console file %s: %w", name, err)
		}
	}
	return files, nil
}

// split tells the name under which a stored file is asked for, and its encoding.
func split(name string) (plain, encoding string) {
	if p, ok := strings.CutSuffix(name, ".br"); ok {
		return p, "br"
	}
	if p, ok := strings.CutSuffix(name, ".gz"); ok {
		return p, "gzip"
	}
	return name, identity
}

func (f *file) add(encoding string, body []byte) {
	f.forms[encoding] = body
	f.tags[encoding] = etag(body, "")
	if encoding != identity {
		f.names = append(f.names, encoding)
		slices.Sort(f.names) // br before gzip
	}
}

// complete checks that the file can be sent to a client that understands no
// compression, and gives that form a tag of its own.
func (f *file) complete() error {
	if _, ok := f.forms[identity]; ok {
		return nil
	}
	packed, ok := f.forms["gzip"]
	if !ok {
		return fmt.Errorf("there is neither a plain nor a gzip form")
	}
	f.tags[identity] = etag(packed, "-plain")
	return nil
}

// body gives the bytes to send. The plain form of a compressed file is made
// when asked for: hardly any client wants it, so it takes up no memory.
func (f *file) body(encoding string) ([]byte, error) {
	if body, ok := f.forms[encoding]; ok {
		return body, nil
	}
	unpack, err := gzip.NewReader(bytes.NewReader(f.forms["gzip"]))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpack)
}

// etag is a strong entity tag: equal bytes, equal tag, and no two encodings
// share one.
func etag(body []byte, suffix string) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + suffix + `"`
}

// kind is the Content-Type by the name's ending. The few that the console needs
// stand here, because the system's table differs from machine to machine.
func kind(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".json":
		return "application/json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
