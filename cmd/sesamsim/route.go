package main

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one endpoint.
type route struct {
	method string
	path   string // segments; {x} is a parameter
	right  right
	do     func(*call) (any, error)
}

// router finds routes by path. It is not http.ServeMux because that one
// redirects paths it finds unclean, which turns a known client's POST into a
// GET. Here empty segments do not count, so x, x/ and //x are the same, and a
// parameter may hold anything but an unescaped slash.
type router struct {
	routes []route
	root   *branch
}

type branch struct {
	literal map[string]*branch
	param   *branch
	on      map[string]*route // by method
}

func newRouter(routes []route) *router {
	rt := &router{routes: routes, root: &branch{}}
	for i := range rt.routes {
		rt.root.add(segments(rt.routes[i].path), &rt.routes[i])
	}
	return rt
}

func (b *branch) add(path []string, r *route) {
	if len(path) == 0 {
		if b.on == nil {
			b.on = map[string]*route{}
		}
		b.on[r.method] = r
		return
	}
	if strings.HasPrefix(path[0], "{") {
		if b.param == nil {
			b.param = &branch{}
		}
		b.param.add(path[1:], r)
		return
	}
	if b.literal == nil {
		b.literal = map[string]*branch{}
	}
	next := b.literal[path[0]]
	if next == nil {
		next = &branch{}
		b.literal[path[0]] = next
	}
	next.add(path[1:], r)
}

func segments(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// find returns the route of a request and its parameters. Literals win over
// parameters where both have the method: backups/findTasks is no saveset.
func (rt *router) find(method, escaped string) (*route, []string, error) {
	path := segments(escaped)
	for i, s := range path {
		u, err := url.PathUnescape(s)
		if err != nil {
			return nil, nil, badRequest("the path is not well escaped")
		}
		path[i] = u
	}
	r, params, known := rt.root.find(method, path, nil)
	switch {
	case r != nil:
		return r, params, nil
	case known:
		return nil, nil, wrongMethod(method)
	}
	return nil, nil, noEndpoint(escaped)
}

func (b *branch) find(method string, path, params []string) (r *route, found []string, known bool) {
	if len(path) == 0 {
		return b.on[method], params, len(b.on) > 0
	}
	if next := b.literal[path[0]]; next != nil {
		r, found, known = next.find(method, path[1:], params)
		if r != nil {
			return r, found, true
		}
	}
	if b.param != nil {
		r, found, also := b.param.find(method, path[1:], append(params[:len(params):len(params)], path[0]))
		return r, found, known || also
	}
	return nil, nil, known
}

const (
	v1 = "/sep/api/"
	v2 = "/sep/api/v2/"
)

// uniform makes the calls that all resources have. see is the right to read,
// edit the one to change.
func uniform(d *resource, see, edit right) []route {
	base := v2 + d.name
	return []route{
		{http.MethodGet, base, see, func(c *call) (any, error) { return c.list(d, nil) }},
		{http.MethodGet, base + "/{key}", see, func(c *call) (any, error) { return c.one(d, c.params[0]) }},
		{http.MethodPost, base + "/find", see, func(c *call) (any, error) { return c.find(d) }},
		{http.MethodPost, base + "/create", edit, func(c *call) (any, error) { return c.create(d) }},
		{http.MethodPost, base + "/update", edit, func(c *call) (any, error) { return c.update(d) }},
		{http.MethodPost, base + "/delete", edit, func(c *call) (any, error) { return c.remove(d) }},
	}
}
