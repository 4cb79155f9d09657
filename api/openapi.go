package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// humaConfig is huma without what it would add by itself: paths of its own, and
// links to schemas inside of answers.
func humaConfig(a *API) huma.Config {
	version := a.Version
	if version == "" {
		version = "dev"
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Backup Cluster Manager", Version: version,
				Description: "A grid of backup nodes behind managers that agree. Any manager answers for all."},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", Description: "A session's or an API token"},
					"cookie": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "The console's session"},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{a.mend},
	}
}

// operation describes a route for the OpenAPI document.
func (a *API) operation(r route, status int) huma.Operation {
	op := huma.Operation{
		OperationID:   r.id,
		Method:        r.documented(),
		Path:          r.path,
		Summary:       r.says,
		Tags:          []string{r.tag()},
		DefaultStatus: status,
		MaxBodyBytes:  -1, // the door has read the body
		Metadata:      map[string]any{routeKey: r},
		Extensions:    map[string]any{"x-right": string(r.right)},
		Responses:     map[string]*huma.Response{"default": a.refusals()},

		BodyReadTimeout:    -1,
		SkipValidateParams: true,
	}
	if slices.Contains(destructive(), r.id) {
		op.Responses["202"] = &huma.Response{Description: "Not done: it waits until another user grants it", Content: map[string]*huma.MediaType{
			"application/json": {Schema: a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Approval](), true, "Approval")},
		}}
	}
	if r.right != Anyone {
		op.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
		op.Description = fmt.Sprintf("Needs the right %s.", r.right)
	}
	for _, part := range strings.Split(r.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true,
				Description: "Id or name", Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	op.Parameters = append(op.Parameters, queryParams(r)...)
	if r.documented() != http.MethodGet {
		op.Parameters = append(op.Parameters,
			header(requestHeader, "Names this request: asked again with the same id it has no second effect"),
			header("If-Match", "Only when the object still has this ETag"))
	}
	return op
}

func header(name, says string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: says, Schema: &huma.Schema{Type: huma.TypeString}}
}

// queryParams documents the parameters of a route; those that all take only
// where they mean something.
func queryParams(r route) []*huma.Param {
	var params []*huma.Param
	for _, p := range r.queried() {
		if waits := p.name == "wait" || p.name == "index"; waits && r.method != http.MethodGet ||
			p.name == "redirect" && r.method == http.MethodGet {
			continue
		}
		schema := &huma.Schema{Type: p.kind}
		param := &huma.Param{Name: p.name, In: "query", Description: p.says, Schema: schema}
		if p.kind == huma.TypeArray {
			explode := true
			schema.Items = &huma.Schema{Type: huma.TypeString}
			param.Explode = &explode
		}
		params = append(params, param)
	}
	return params
}

// refusals documents the form of errors.
func (a *API) refusals() *huma.Response {
	return &huma.Response{Description: "Refused", Content: map[string]*huma.MediaType{
		problemType: {Schema: a.huma.OpenAPI().Components.Schemas.Schema(problemKind, true, "Problem")},
	}}
}

// polish mends what huma says of the types: lists and maps are never null here.
func polish(doc *huma.OpenAPI) {
	for _, s := range doc.Components.Schemas.Map() {
		settle(s)
	}
}

func settle(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	for _, p := range s.Properties {
		settle(p)
	}
	settle(s.Items)
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		settle(more)
	}
}

// Document is the OpenAPI document of this version, 3.1, indented.
func Document() ([]byte, error) {
	a, err := New(Config{Version: "v1"})
	if err != nil {
		return nil, err
	}
	return a.document()
}

func (a *API) document() ([]byte, error) {
	data, err := json.MarshalIndent(a.huma.OpenAPI(), "", " ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func (a *API) openapi(c *call) error {
	data, err := a.document()
	if err != nil {
		return err
	}
	c.gin.Data(http.StatusOK, "application/openapi+json", data)
	return nil
}

// docs is a page about the document that needs nothing from elsewhere.
func (a *API) docs(c *call) error {
	c.gin.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	c.gin.Header("Content-Type", "text/html; charset=utf-8")
	return docsPage().Execute(c.gin.Writer, a.docsRows())
}

// docsRow is an operation on the page.
type docsRow struct {
	Method, Path, Says, Right, Status string
	Params                            []*huma.Param
	Fields                            []string
}

func (a *API) docsRows() []docsRow {
	var rows []docsRow
	for _, r := range a.table {
		op := operationOf(a.huma.OpenAPI().Paths[r.path], r.documented())
		if op == nil {
			continue
		}
		row := docsRow{Method: r.method, Path: r.path, Says: r.says, Right: string(r.right),
			Status: strconv.Itoa(op.DefaultStatus), Params: op.Parameters}
		if op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
			if s := a.resolve(op.RequestBody.Content["application/json"].Schema); s != nil {
				row.Fields = slices.Sorted(maps.Keys(s.Properties))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete}[method]
}
