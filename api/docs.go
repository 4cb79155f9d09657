package api

import (
	"html/template"
	"reflect"
	"sync"
)

// problemKind is the type of every refusal.
var problemKind = reflect.TypeFor[Problem]()

// docsPage is the page at /docs.
var docsPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backup Cluster Manager: HTTP API</title>
<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
code { font-family: ui-monospace, monospace }
summary { cursor: pointer; padding: .25rem 0 }
summary code { font-weight: 600 }
details { border-bottom: 1px solid #8884 }
dl { margin: .25rem 0 .75rem 1.5rem } dt { font-family: ui-monospace, monospace } dd { margin: 0 0 .25rem 1.5rem }
</style>
</head>
<body>
<h1>HTTP API</h1>
<p>The exact form is the OpenAPI document at <a href="/openapi.json">/openapi.json</a>.</p>
{{range .}}<details>
<summary><code>{{.Method}} {{.Path}}</code> {{.Says}}</summary>
<dl><dt>right</dt><dd>{{.Right}}</dd><dt>answer</dt><dd>{{.Status}}</dd>
{{range .Params}}<dt>{{.Name}}</dt><dd>{{.In}}: {{.Description}}</dd>{{end}}
{{range .Fields}}<dt>{{.}}</dt><dd>body</dd>{{end}}</dl>
</details>
{{end}}</body>
</html>
`))
})
