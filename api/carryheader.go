package api

import (
	"net/http"
	"net/textproto"
	"strings"

	"bcm/cluster/pki"
)

// sandbox keeps a page of a server from acting as the console: it comes from the
// console's origin, and so would be sent the console's cookie.
const sandbox = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"

// strip takes out of a request what is the cluster's, and not the server's to see.
// Under the cluster's account nothing stays that says who somebody is.
func (v *carriage) strip(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "Bcm-") || v.way == wayProxy && whose[name] {
			delete(h, name)
		}
	}
	delete(h, "X-Real-Ip")
	if v.way == wayProxy {
		return
	}
	if _, token, _ := strings.Cut(h.Get("Authorization"), " "); strings.HasPrefix(token, pki.BearerAPI) || strings.HasPrefix(token, pki.BearerSession) {
		h.Del("Authorization")
	}
	var theirs []string
	for part := range strings.SplitSeq(strings.Join(h["Cookie"], ";"), ";") {
		if name, _, _ := strings.Cut(part, "="); strings.TrimSpace(name) != cookieName && strings.TrimSpace(part) != "" {
			theirs = append(theirs, strings.TrimSpace(part))
		}
	}
	if h.Del("Cookie"); len(theirs) > 0 {
		h.Set("Cookie", strings.Join(theirs, "; "))
	}
}

// whose are the headers that say who somebody is, or where they come from.
var whose = map[string]bool{"Authorization": true, "Cookie": true, "Origin": true, "Referer": true,
	textproto.CanonicalMIMEHeaderKey("X-SEP-Session"): true}

// originWide are the headers by which an answer would speak for the whole origin, which is
// the cluster's.
var originWide = []string{"Strict-Transport-Security", "Clear-Site-Data", "Service-Worker-Allowed", "Alt-Svc", "Public-Key-Pins",
	"Nel", "Report-To", "Reporting-Endpoints", "Refresh"}

// expose takes out of an answer what the server may not say to the one who asked,
// and keeps its pages from the rest of the origin.
func (v *carriage) expose(h http.Header) {
	for _, name := range originWide {
		h.Del(name)
	}
	for name := range h {
		if strings.HasPrefix(name, "Bcm-") || v.way == wayProxy && (strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" ||
			name == "Www-Authenticate" || whose[name]) {
			delete(h, name)
		}
	}
	v.scopeCookies(h)
	mine := v.gin.Writer.Header()
	for name := range h {
		mine.Del(name) // the server's own counts
	}
	mine.Set("Content-Security-Policy", sandbox) // both hold when there are two
	if v.way == wayProxy {
		mine.Set("Cache-Control", "no-store")
		h.Del("Cache-Control")
	}
}

// scopeCookies makes the server's cookies those of its own paths: they are for no
// other server, and none can be put in place of the console's.
func (v *carriage) scopeCookies(h http.Header) {
	cookies := (&http.Response{Header: h}).Cookies()
	h.Del("Set-Cookie")
	for _, c := range cookies {
		if strings.HasPrefix(c.Name, "__Host-") || strings.HasPrefix(c.Name, "__Secure-") && !c.Secure {
			continue
		}
		if c.Domain = ""; !strings.HasPrefix(c.Path, "/") {
			c.Path = "/"
		}
		c.Path = v.prefix + c.Path
		if text := c.String(); text != "" {
			h.Add("Set-Cookie", text)
		}
	}
}
