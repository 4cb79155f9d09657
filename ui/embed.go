package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var built embed.FS

//go:embed fallback
var fallback embed.FS

// console gives the files to serve: the built console, or the fallback page in
// a binary that was built without it. What tells them apart is the page itself,
// not its folder, which is always there.
func console() (fs.FS, error) {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(dist, page); err == nil {
		return dist, nil
	}
	return fs.Sub(fallback, "fallback")
}

// Built tells whether the binary holds the console, or only the fallback page.
func Built() bool {
	_, err := fs.Stat(built, "dist/"+page)
	return err == nil
}
