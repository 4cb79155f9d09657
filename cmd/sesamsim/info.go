package main

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"
)

// restPort is what a server says its port is, wherever it is reached.
const restPort = 11401

func infoRoutes() []route {
	return []route{
		{http.MethodGet, v2 + "server/info", visit, (*call).info},
		{http.MethodGet, v1 + "server/getInfo", visit, (*call).info},
		{http.MethodPost, v2 + "licenses/info", watch, (*call).license},
		{http.MethodGet, v1, open, (*call).help},
	}
}

func (c *call) info() (any, error) {
	full := c.opt.release.full
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return map[string]any{
		"name": c.opt.name, "hostName": host, "release": full, "kernel": full[:strings.LastIndexByte(full, '.')],
		"os": runtime.GOOS, "serverOs": runtime.GOOS, "dbType": "postgres", "javaVersion": "17.0.8",
		"timezone": c.opt.zone, "restPort": restPort,
	}, nil
}

// license is the text that the command line tool of a real server prints, a line
// an element.
func (c *call) license() (any, error) {
	if _, err := c.object(); err != nil {
		return nil, err
	}
	used := 0.0
	err := c.state.view(c.now(), func(t *tx) error {
		for _, r := range t.all("datastores") {
			used += float64(r.num("used"))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []string{
		"License: ok",
		"Edition: Simulator",
		"Customer        : Test",
		"Maintenance expiration date " + c.now().In(c.zone).AddDate(1, 0, 0).Format(time.DateOnly),
		fmt.Sprintf("%.2f TB of 100.00 TB FrontSide", used/(1<<40)),
	}, nil
}

// help is the page about the interface that a server shows to a browser.
func (c *call) help() (any, error) {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head><title>REST API</title></head><body>\n<h1>REST API " +
		html.EscapeString(c.opt.release.full) + " (simulator)</h1>\n<ul>\n")
	for _, r := range c.router.routes {
		fmt.Fprintf(&b, "<li><code>%s %s</code></li>\n", r.method, html.EscapeString(r.path))
	}
	b.WriteString("</ul>\n</body></html>\n")
	return raw{"text/html;charset=UTF-8", b.String()}, nil
}
