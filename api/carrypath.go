package api

import (
	"net/http"
	"net/url"
	"strings"

	"bcm/fsm"
)

// splitPath cuts the path of a request to a route that ends in {path}: in what leads
// to the node and what is the server's own, both as they were sent. It refuses what
// could mean another place to the server than it does here.
func splitPath(route, node string, r *http.Request) (prefix, path string, err error) {
	if r.URL.Host != "" || r.URL.Opaque != "" {
		return "", "", invalid("path", "must be a path; which server it is for says the node in it, and no host")
	}
	before, after, _ := strings.Cut(route, "{node}")
	rest, plain := strings.CutPrefix(r.URL.EscapedPath(), before)
	name, path, _ := strings.Cut(rest, "/")
	between := strings.TrimSuffix(after, "/{path}")
	path, follows := strings.CutPrefix("/"+path, between)
	if sent, err := url.PathUnescape(name); err != nil || sent != node || !plain || !follows {
		return "", "", invalid("path", "must begin with %s%s%s/, written plainly", before, node, between)
	}
	if err := checkPath(path); err != nil {
		return "", "", err
	}
	return before + name + between, path, nil
}

// checkPath refuses a path, as it was sent, that could lead out of where it begins:
// after any number of decodings, and with all that servers take for a separator.
func checkPath(path string) error {
	plain := path
	for range 4 {
		if strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return invalid("path", "must not contain control characters")
		}
		if strings.HasPrefix(plain, "//") || strings.HasPrefix(plain, "/\\") {
			return invalid("path", "must not begin with two slashes, encoded or not")
		}
		if strings.Contains(plain, "://") {
			return invalid("path", "must not contain an address")
		}
		for segment := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
			segment, _, _ = strings.Cut(segment, ";") // some take what follows for a parameter
			if segment = strings.TrimSpace(segment); segment == "." || segment == ".." {
				return invalid("path", "must not contain . or .. as a part, encoded or not")
			}
		}
		next, err := url.PathUnescape(plain)
		if err != nil || next == plain {
			return nil
		}
		plain = next
	}
	return invalid("path", "is encoded too many times")
}

// relocate keeps the one who asks with this server. A place on the server itself
// becomes one below the path that leads to it. One elsewhere is not passed on: who
// follows it would take the session along, and the cluster would vouch for it. When
// the answer is no redirect it is good without.
func (v *carriage) relocate(resp *http.Response) error {
	v.relocateHeader(resp, "Content-Location")
	if v.relocateHeader(resp, "Location") {
		return nil
	}
	if resp.StatusCode < 300 || resp.StatusCode > 399 {
		return nil
	}
	return fsm.Errorf(BadGateway, "server %s points to a place outside of itself, which is not passed on", v.node.Name)
}

// relocateHeader rewrites one header, and drops it and returns false when it leads
// elsewhere.
func (v *carriage) relocateHeader(resp *http.Response, name string) bool {
	at := resp.Header.Get(name)
	if at == "" {
		return true
	}
	to, err := resp.Request.URL.Parse(at)
	if err != nil || !v.own(to) {
		resp.Header.Del(name)
		return false
	}
	here := url.URL{RawQuery: to.RawQuery, ForceQuery: to.ForceQuery, Fragment: to.Fragment, RawFragment: to.RawFragment}
	path := to.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	resp.Header.Set(name, v.prefix+path+here.String())
	return true
}

// own tells whether a place is on the server itself. Servers of old answer both
// schemes on one port.
func (v *carriage) own(to *url.URL) bool {
	if to.Scheme != "https" && to.Scheme != "http" || to.User != nil || to.Opaque != "" {
		return false
	}
	host := strings.TrimPrefix(v.access.Address, "https://")
	return strings.EqualFold(withPort(to.Host, to.Scheme), withPort(host, "https"))
}

func withPort(host, scheme string) string {
	u := url.URL{Host: host}
	if u.Port() != "" {
		return host
	}
	return host + map[string]string{"https": ":443", "http": ":80"}[scheme]
}
