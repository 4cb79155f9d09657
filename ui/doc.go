// Package ui holds the web console and serves it.
//
// The console is a React program under src/. `npm run build` puts it, already
// compressed, into dist/, which is compiled into the binary and not kept in the
// repository. A binary built without Node.js has an empty dist/ and serves
// fallback/ instead: a page that says how to get the console.
//
// The package knows nothing of the cluster. It serves files; the console talks
// to the HTTP API under /v1 like any other client.
package ui
