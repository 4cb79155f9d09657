package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"bcm/cluster/pki"
)

const demoLimit = 5 * time.Minute

// demo fills a new grid with something to look at and runs one real backup of a
// real directory.
func (g *devGrid) demo(ctx context.Context) error {
	source, err := demoSource(g.o.dir)
	if err != nil {
		return err
	}
	type object = map[string]any
	for _, one := range []struct {
		path string
		body object
	}{
		{"/v1/groups", object{"name": "Helpdesk", "description": "Find and restore files", "rank": 30,
			"rights": []string{"nodes:read", "data:read", "backups:read", "backups:restore"}}},
		{"/v1/users", object{"name": "ada", "full_name": "Ada Lovelace", "password": pki.NewBearer(""), "groups": []string{"Operators"}}},
		{"/v1/users", object{"name": "grace", "full_name": "Grace Hopper", "password": pki.NewBearer(""), "groups": []string{"Helpdesk"}}},
		{"/v1/clients", object{"name": "workstation", "address": "127.0.0.1", "labels": object{"site": "here"}}},
		{"/v1/clients", object{"name": "fileserver", "labels": object{"site": "here"}}},
		{"/v1/schedules", object{"name": "nightly", "cron": "30 2 * * *", "zone": "UTC"}},
		{"/v1/tasks", object{"name": "files", "client": "workstation", "source": object{"paths": []string{source}},
			"retention": object{"daily": 7, "weekly": 4}, "schedule": "nightly"}},
	} {
		if err := g.api.Ask(ctx, http.MethodPost, one.path, one.body, nil); err != nil {
			return err
		}
	}
	var b struct {
		ID, Status, Error string
		Stats             struct{ Files, Bytes int64 }
	}
	if err := g.api.Ask(ctx, http.MethodPost, "/v1/backups", object{"task": "files"}, &b); err != nil {
		return err
	}
	begun := time.Now()
	err = poll(ctx, demoLimit, func(ctx context.Context) error {
		if err := g.api.Ask(ctx, http.MethodGet, "/v1/backups/"+b.ID, nil, &b); err != nil {
			return err
		}
		switch b.Status {
		case "succeeded", "warning":
			return nil
		case "failed", "cancelled":
			return permanent{fmt.Errorf("backup %s is %s: %s", b.ID, b.Status, b.Error)}
		}
		return fmt.Errorf("backup %s is %s", b.ID, b.Status)
	})
	if err != nil {
		return err
	}
	fmt.Printf("backed up %s: %d files, %d bytes in %.1f s, as backup %s\n",
		source, b.Stats.Files, b.Stats.Bytes, time.Since(begun).Seconds(), b.ID)
	return nil
}

// demoSource is a directory that every Linux has, or else one made for this.
func demoSource(dir string) (string, error) {
	for _, path := range []string{"/usr/share/zoneinfo", "/usr/share/doc"} {
		if entries, err := os.ReadDir(path); err == nil && len(entries) > 10 {
			return path, nil
		}
	}
	path := filepath.Join(dir, "demo-data")
	errs := []error{os.MkdirAll(path, 0o755)}
	for i := range 200 {
		errs = append(errs, os.WriteFile(filepath.Join(path, fmt.Sprintf("note-%03d.txt", i)),
			fmt.Appendf(nil, "note %d\n%s\n", i, pki.NewBearer("")), 0o644))
	}
	return path, errors.Join(errs...)
}
