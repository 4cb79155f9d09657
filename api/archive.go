package api

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"

	"bcm/fsm"
)

// archive is what a part of a backup is packed into while it is sent.
type archive interface {
	// add packs something under a name; content is nil for what is no file.
	add(name string, f File, mode fs.FileMode, content io.Reader) error
	// Close writes the end, without which an archive is not whole.
	Close() error
}

// The formats of archives, with their media types.
var archiveTypes = map[string]string{"tar.gz": "application/gzip", "zip": "application/zip"}

func newArchive(format string, to io.Writer) archive {
	if format == "zip" {
		return &zipped{zip.NewWriter(to)}
	}
	packed := gzip.NewWriter(to)
	return &tarred{tar.NewWriter(packed), packed}
}

// sendArchive packs what is at a path of a backup and sends it as it comes: nothing
// of it lies on the manager. What breaks off in the middle ends the connection, since
// a short archive would look whole.
func sendArchive(c *call) error {
	name, err := c.inside()
	if err != nil {
		return err
	}
	format := c.query.Get("format")
	if format == "" {
		format = "tar.gz"
	}
	if archiveTypes[format] == "" {
		return invalid("format", "%q is not one of tar.gz, zip", format)
	}
	s, err := c.stored()
	if err != nil {
		return err
	}
	top := path.Base(name)
	if name == "/" {
		top = ""
	}
	var out archive
	err = c.Files.Walk(c.ctx(), s, name, func(rel string, f File, open func() (io.ReadCloser, error)) error {
		if out == nil { // it is there: from here on it is an archive
			c.beginArchive(s, top, format)
			out = newArchive(format, c.gin.Writer)
		}
		return pack(out, path.Join(top, rel), f, open)
	})
	if err == nil {
		err = out.Close()
	}
	if err != nil && out != nil {
		c.log.Warn("sending an archive of a backup broke off", "backup", s.Backup, "error", err)
		panic(http.ErrAbortHandler) // the one who asks must not take it for whole
	}
	return err
}

func (c *call) beginArchive(s Stored, top, format string) {
	if top == "" {
		top = s.Backup
	}
	c.gin.Header("Content-Type", archiveTypes[format])
	c.gin.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": top + "." + format}))
	c.gin.Status(http.StatusOK)
}

// pack adds what a walk has come by.
func pack(out archive, name string, f File, open func() (io.ReadCloser, error)) error {
	mode, err := modeOf(f)
	if err != nil || name == "" { // the root of a backup has no name
		return err
	}
	if f.Type != "file" {
		return out.add(name, f, mode, nil)
	}
	content, err := open()
	if err != nil {
		return err
	}
	return errors.Join(out.add(name, f, mode, content), content.Close())
}

// modeOf reads the mode that a file is shown with.
func modeOf(f File) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(f.Mode, 8, 32)
	if err != nil {
		return 0, fsm.Errorf(fsm.Internal, "%s has the mode %q", f.Path, f.Mode)
	}
	mode := fs.FileMode(bits & 0o777)
	for i, special := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if bits&(0o1000<<i) != 0 {
			mode |= special
		}
	}
	switch f.Type {
	case "directory":
		mode |= fs.ModeDir
	case "symlink":
		mode |= fs.ModeSymlink
	case "file":
	default:
		return 0, fsm.Errorf(fsm.Unavailable, "%s is neither a file nor a folder nor a link", f.Path)
	}
	return mode, nil
}

// copyAll copies a file that must be as long as it says.
func copyAll(to io.Writer, f File, content io.Reader) error {
	n, err := io.Copy(to, content)
	if err == nil && n != f.Size {
		err = fsm.Errorf(fsm.Unavailable, "%s has %d bytes of %d", f.Path, n, f.Size)
	}
	return err
}

// tarred is a tar file, packed by gzip.
type tarred struct {
	*tar.Writer
	packed *gzip.Writer
}

func (t *tarred) add(name string, f File, mode fs.FileMode, content io.Reader) error {
	h := &tar.Header{Name: name, ModTime: f.ModifiedAt, Format: tar.FormatPAX, Mode: int64(mode.Perm())}
	for bit, special := range map[int64]fs.FileMode{0o1000: fs.ModeSticky, 0o2000: fs.ModeSetgid, 0o4000: fs.ModeSetuid} {
		if mode&special != 0 {
			h.Mode |= bit
		}
	}
	if _, err := fmt.Sscanf(f.Owner, "%d:%d", &h.Uid, &h.Gid); err != nil {
		return fsm.Errorf(fsm.Internal, "%s has the owner %q", f.Path, f.Owner)
	}
	switch {
	case mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	case content == nil:
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.Target
	default:
		h.Typeflag, h.Size = tar.TypeReg, f.Size
	}
	if err := t.WriteHeader(h); err != nil || content == nil {
		return err
	}
	return copyAll(t, f, content)
}

func (t *tarred) Close() error { return errors.Join(t.Writer.Close(), t.packed.Close()) }

// zipped is a zip file. Owners have no place in it.
type zipped struct{ *zip.Writer }

func (z *zipped) add(name string, f File, mode fs.FileMode, content io.Reader) error {
	h := &zip.FileHeader{Name: name, Modified: f.ModifiedAt, Method: zip.Deflate}
	if mode.IsDir() {
		h.Name += "/"
		h.Method = zip.Store
	}
	h.SetMode(mode)
	to, err := z.CreateHeader(h)
	switch {
	case err != nil || mode.IsDir():
		return err
	case content == nil:
		_, err := io.WriteString(to, f.Target)
		return err
	}
	return copyAll(to, f, content)
}
