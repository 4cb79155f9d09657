package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// tree is files to be backed up: half of the bytes in small files, half in large
// ones; of both a half is noise, a third is text and a sixth is there twice. The same
// sizes make the same tree.
type tree struct {
	dir   string
	files []string
	bytes int64
	rand  *rand.Rand
	words []string
}

const (
	largeFile = 16 << 20
	folders   = 16 // at the top, so that a tree can be backed up in parts
	perFolder = 200
)

// growTree makes so many files of so many bytes in all, below a directory that is not there yet.
func growTree(dir string, files int, size int64) (*tree, error) {
	t := &tree{dir: dir, rand: rand.New(rand.NewPCG(1, 2))}
	for range 1024 {
		t.words = append(t.words, fmt.Sprintf("%0*x ", 2+t.rand.IntN(9), t.rand.Uint64()&0xffff))
	}
	large := int(size / 2 / largeFile)
	small := max(int(size/2)/max(files-large, 1), 2)
	for i := range files {
		n := small/2 + t.rand.IntN(small)
		if i < large {
			n = largeFile
		}
		// As many folders at the top, whatever there is below.
		path := filepath.Join(dir, fmt.Sprintf("part-%02d", i%folders), fmt.Sprintf("d%04d", i/folders/perFolder), fmt.Sprintf("f%06d", i))
		data, err := t.content(i, n)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
		t.files, t.bytes = append(t.files, path), t.bytes+int64(len(data))
	}
	return t, nil
}

// content is what file i has.
func (t *tree) content(i, size int) ([]byte, error) {
	switch {
	case i%6 == 5: // the last of the same kind and about the same size
		return os.ReadFile(t.files[i-3])
	case i%3 == 1:
		return t.text(size), nil
	}
	return t.noise(size), nil
}

func (t *tree) noise(size int) []byte {
	data := make([]byte, size+8)
	for at := 0; at < size; at += 8 {
		v := t.rand.Uint64()
		for k := range 8 {
			data[at+k] = byte(v >> (8 * k))
		}
	}
	return data[:size]
}

func (t *tree) text(size int) []byte {
	data := make([]byte, 0, size+64)
	for len(data) < size {
		for v, k := t.rand.Uint64(), 0; k < 6; k++ {
			data = append(data, t.words[v&1023]...)
			v >>= 10
		}
	}
	return data[:size]
}

// change writes anew one in a hundred files: a small one whole, of a large one a part.
func (t *tree) change() error {
	for range max(len(t.files)/100, 1) {
		path := t.files[t.rand.IntN(len(t.files))]
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			size := min(int(info.Size()), 64<<10)
			_, err = f.WriteAt(t.noise(size), (info.Size()-int64(size))/2)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// parts gives the folders at the top, dealt out into n heaps.
func (t *tree) parts(n int) [][]string {
	heaps := make([][]string, n)
	for i := range min(folders, len(t.files)) {
		heaps[i%n] = append(heaps[i%n], filepath.Join(t.dir, fmt.Sprintf("part-%02d", i)))
	}
	return heaps
}

// restored tells whether all files are below a directory as they are in the tree.
func (t *tree) restored(dir string) error {
	files := 0
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files++
		}
		return err
	})
	if err != nil {
		return err
	}
	if files != len(t.files) {
		return fmt.Errorf("%d files were restored, there are %d", files, len(t.files))
	}
	for _, path := range t.files {
		rel, err := filepath.Rel(t.dir, path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(dir, rel))
		if err != nil {
			return err
		}
		if !bytes.Equal(want, got) {
			return fmt.Errorf("%s was restored with another content", rel)
		}
	}
	return nil
}
