package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"bcm/fsm"
)

// route is one row of the table of routes.
type route struct {
	method string
	path   string // with parts in braces: /v1/users/{user}
	right  fsm.Right
	id     string // of the operation, for those who generate clients
	says   string // what it does, in a line
	bind   func(a *API, r route)
	params []param // of the query
	stream bool    // the body is no JSON, and may be large or long
}

// param is a parameter of the query.
type param struct {
	name string
	kind string // "string", "boolean", "integer" or "array"
	says string
}

// tag is the area of a route: the first part of its path.
func (r route) tag() string {
	area, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/v1/"), "/")
	return strings.TrimPrefix(area, "/")
}

// with gives the route those parameters, besides its own.
func (r route) with(params ...param) route {
	r.params = append(slices.Clone(r.params), params...)
	return r
}

// common are the parameters that all routes behind the door take.
func common() []param {
	return []param{
		{"consistent", "boolean", "Read what has been acknowledged anywhere, instead of what this manager has"},
		{"index", "integer", "With wait: the index to wait beyond"},
		{"wait", "string", "Wait as long for something newer than index, such as 30s"},
		{"redirect", "boolean", "Answer 307 with the address of the manager that decides, instead of passing a change on"},
	}
}

// queried gives all parameters of the query. Strangers can neither wait nor make
// the managers confer.
func (r route) queried() []param {
	if r.right == Anyone || r.method == anyMethod {
		return r.params
	}
	return slices.Concat(r.params, common())
}

// queries gives the names of all parameters of the query, in order.
func (r route) queries() []string {
	var names []string
	for _, p := range r.queried() {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return names
}

// mount lets huma put its operations behind the door.
type mount struct{ *API }

// Handle is huma's way to add a route to the router.
func (m mount) Handle(op *huma.Operation, handler func(huma.Context)) {
	r, _ := op.Metadata[routeKey].(route)
	m.engine.Handle(op.Method, ginPath(op.Path), m.door(r), func(g *gin.Context) {
		handler(humagin.NewContext(op, g))
	})
}

// ServeHTTP is asked for by huma's tests alone.
func (m mount) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.engine.ServeHTTP(w, r) }

const routeKey = "route"

// binaryType is that of content without a form of ours.
const binaryType = "application/octet-stream"

// anyMethod is the method of a route that takes them all, and hands requests on:
// neither their query nor their body is ours. Its path ends in {path}, which stands
// for all below.
const anyMethod = "ANY"

// carriedMethods are those of requests that are handed on.
func carriedMethods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
}

// documented is the method under which a route stands in the document, which knows
// no word for all.
func (r route) documented() string {
	if r.method == anyMethod {
		return http.MethodGet
	}
	return r.method
}

// ginPath writes {user} as gin wants it, :user, and {path} as *path.
func ginPath(path string) string {
	path = strings.Replace(path, "{path}", "*path", 1)
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// body is how huma wants input that has a body.
type body[I any] struct{ Body I }

// maybe is how huma wants input whose body may be left out.
type maybe[I any] struct{ Body *I }

func (m *maybe[I]) given() *I {
	if m.Body == nil {
		return new(I)
	}
	return m.Body
}

// answer is how huma wants output.
type answer[O any] struct{ Body O }

type none struct{}

// shown is an object with an id and an index.
type shown interface{ meta() Meta }

// read binds a handler without a body that answers 200.
func read[O any](h func(c *call) (O, error)) func(*API, route) {
	return serve(http.StatusOK, "", func(c *call, _ *none) (O, error) { return h(c) })
}

// take binds a handler with a body that answers 200.
func take[I, O any](h func(c *call, in *I) (O, error)) func(*API, route) {
	return serve(http.StatusOK, "", func(c *call, in *body[I]) (O, error) { return h(c, &in.Body) })
}

// takeMaybe is take for a body that may be left out.
func takeMaybe[I, O any](h func(c *call, in *I) (O, error)) func(*API, route) {
	return serve(http.StatusOK, "", func(c *call, in *maybe[I]) (O, error) { return h(c, in.given()) })
}

// create binds a handler that makes an object, found below base from then on.
func create[I, O any](base string, h func(c *call, in *I) (O, error)) func(*API, route) {
	return serve(http.StatusCreated, base, func(c *call, in *body[I]) (O, error) { return h(c, &in.Body) })
}

// repeat is create for what needs no body.
func repeat[O any](base string, h func(c *call) (O, error)) func(*API, route) {
	return serve(http.StatusCreated, base, func(c *call, _ *none) (O, error) { return h(c) })
}

// begin binds a handler that begins long work, to be watched below base.
func begin[I, O any](base string, h func(c *call, in *I) (O, error)) func(*API, route) {
	return serve(http.StatusAccepted, base, func(c *call, in *body[I]) (O, error) { return h(c, &in.Body) })
}

// beginMaybe is begin for a body that may be left out.
func beginMaybe[I, O any](base string, h func(c *call, in *I) (O, error)) func(*API, route) {
	return serve(http.StatusAccepted, base, func(c *call, in *maybe[I]) (O, error) { return h(c, in.given()) })
}

// do binds a handler that has nothing to say but that it is done.
func do(h func(c *call) error) func(*API, route) {
	return done(func(c *call, _ *none) error { return h(c) })
}

// doWith is do for a handler with a body.
func doWith[I any](h func(c *call, in *I) error) func(*API, route) {
	return done(func(c *call, in *body[I]) error { return h(c, &in.Body) })
}

func done[I any](h func(c *call, in *I) error) func(*API, route) {
	return func(a *API, r route) {
		huma.Register(a.huma, a.operation(r, http.StatusNoContent), func(ctx context.Context, in *I) (*none, error) {
			c := callOf(ctx)
			if err := h(c, in); err != nil {
				return nil, c.refusal(err)
			}
			return &none{}, nil
		})
	}
}

// plain binds a handler that writes its answer itself, as kind.
func plain(kind string, h func(c *call) error) func(*API, route) {
	return func(a *API, r route) {
		op := a.operation(r, http.StatusOK)
		op.Responses["200"] = &huma.Response{Description: r.says, Content: map[string]*huma.MediaType{
			kind: {Schema: &huma.Schema{Type: huma.TypeString}},
		}}
		if r.stream && r.method == http.MethodPost {
			op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
				"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
			}}
		}
		a.huma.OpenAPI().AddOperation(&op)
		mount{a}.Handle(&op, func(ctx huma.Context) {
			c := callOf(ctx.Context())
			if err := h(c); err != nil {
				a.refuse(c.gin, err)
			}
		})
	}
}

// through binds a handler that hands requests on, and the answers back.
func through(h func(c *call) error) func(*API, route) {
	return func(a *API, r route) {
		op := a.operation(r, http.StatusOK)
		op.Description = strings.TrimSpace(op.Description + " Takes all methods; query, body and answer are the server's.")
		a.huma.OpenAPI().AddOperation(&op)
		for _, method := range carriedMethods() {
			a.engine.Handle(method, ginPath(r.path), a.door(r), func(g *gin.Context) {
				c := callOf(g.Request.Context())
				if err := h(c); err != nil {
					a.refuse(g, err)
				}
			})
		}
	}
}

// serve binds a handler whose answer is JSON, with the headers that belong to
// the object in it.
func serve[I, O any](status int, base string, h func(c *call, in *I) (O, error)) func(*API, route) {
	return func(a *API, r route) {
		huma.Register(a.huma, a.operation(r, status), func(ctx context.Context, in *I) (*answer[O], error) {
			c := callOf(ctx)
			out, err := h(c, in)
			if err != nil {
				return nil, c.refusal(err)
			}
			c.describe(any(out), base)
			return &answer[O]{out}, nil
		})
	}
}

// refusal makes an error one that huma writes as it is.
func (c *call) refusal(err error) error {
	if w, ok := errors.AsType[*waitsFor](err); ok {
		c.gin.Header(approvalHeader, w.ID)
		c.gin.Header("Location", "/v1/approvals/"+w.ID)
		return w
	}
	p := c.problemOf(c.requestID(), err)
	headersOf(c.gin.Writer.Header(), p)
	return p
}

// describe sets ETag and Location of the answer.
func (c *call) describe(out any, base string) {
	object, ok := out.(shown)
	if !ok {
		if c.route.method == http.MethodGet {
			c.gin.Header("ETag", `W/"`+c.gin.Writer.Header().Get(indexHeader)+`"`)
		}
		return
	}
	c.gin.Header("ETag", object.meta().etag())
	if base != "" {
		c.gin.Header("Location", base+object.meta().ID)
	}
}
