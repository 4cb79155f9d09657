package kopia

import "os"

// pen is what one writer of a restore has. It keeps the directory of its last file
// open, which mostly is that of its next: by its whole path, a name below an os.Root
// costs two calls for each directory on the way, and each file is named five times.
type pen struct {
	buf  []byte
	of   *target
	rel  string
	root *os.Root // nil before the first file
}

// dir gives a directory of a target.
func (p *pen) dir(t *target, rel string) (*os.Root, error) {
	if p.root != nil && p.of == t && p.rel == rel {
		return p.root, nil
	}
	if err := p.close(); err != nil {
		return nil, err
	}
	root, err := t.root.OpenRoot(rel)
	if err != nil {
		return nil, err
	}
	p.of, p.rel, p.root = t, rel, root
	return root, nil
}

func (p *pen) close() error {
	if p.root == nil {
		return nil
	}
	err := p.root.Close()
	p.root = nil
	return err
}
