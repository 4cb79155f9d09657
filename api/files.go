package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"bcm/cluster/pki"
	"bcm/fsm"
)

// maxBrowse bounds how long a storage may take to show a directory.
const maxBrowse = 60 * time.Second

// stored finds the backup that the path names and opens what is needed to look
// into it.
func (c *call) stored() (Stored, error) {
	b, err := seen(c, &c.view.Backups, "backup")
	if err != nil {
		return Stored{}, err
	}
	return c.open(b)
}

// open opens what is needed to look into a backup.
func (c *call) open(b *fsm.Backup) (Stored, error) {
	if b.Snapshot == "" || b.Status == fsm.Deleted {
		return Stored{}, fsm.Errorf(fsm.Conflict, "backup %s is %s: there is nothing stored to look into", b.ID, b.Status)
	}
	if c.Files == nil {
		return Stored{}, fsm.Errorf(fsm.Unavailable, "this manager cannot look into backups")
	}
	access := c.view.AccessOf(b)
	if access == nil {
		return Stored{}, fsm.Errorf(fsm.NotFound, "the repository of backup %s is gone", b.ID)
	}
	password, err := pki.Open(c.Key, "repository/"+b.Repository, access.Sealed)
	if err != nil {
		return Stored{}, err
	}
	open := *access
	open.Password, open.Sealed = string(password), nil
	return Stored{Backup: b.ID, Repository: open, Snapshot: b.Snapshot}, nil
}

// inside reads the path within a backup.
func (c *call) inside() (string, error) {
	p := c.query.Get("path")
	return path.Clean("/" + p), checkInside("path", p)
}

// checkInside refuses a path that could lead out of a backup.
func checkInside(field, p string) error {
	if strings.ContainsRune(p, 0) {
		return invalid(field, "must not contain a zero byte")
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return invalid(field, "must not contain ..")
		}
	}
	return nil
}

// listFiles lists a directory of a backup.
func listFiles(c *call) (List[File], error) { return c.directory(c.stored) }

// directory lists the directory that the query names of what is stored.
func (c *call) directory(stored func() (Stored, error)) (List[File], error) {
	dir, err := c.inside()
	if err != nil {
		return List[File]{}, err
	}
	s, err := stored()
	if err != nil {
		return List[File]{}, err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), maxBrowse)
	defer cancel()
	files, err := c.Files.List(ctx, s, dir)
	if err != nil {
		return List[File]{}, err
	}
	return List[File]{Items: some(files), Total: len(files)}, nil
}

// sendFile gives the content of a file of a backup.
func sendFile(c *call) error {
	name, err := c.inside()
	if err != nil {
		return err
	}
	s, err := c.stored()
	if err != nil {
		return err
	}
	content, file, err := c.Files.Open(c.ctx(), s, name)
	if err != nil {
		return err
	}
	defer content.Close()
	c.gin.Header("Content-Type", "application/octet-stream")
	c.gin.Header("Content-Length", strconv.FormatInt(file.Size, 10))
	c.gin.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(name)}))
	c.gin.Status(http.StatusOK)
	if _, err := io.Copy(c.gin.Writer, content); err != nil {
		c.log.Warn("sending a file of a backup broke off", "backup", s.Backup, "error", err)
		panic(http.ErrAbortHandler) // the one who asks must not take it for whole
	}
	return nil
}
