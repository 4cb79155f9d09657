// Package api is the door: the HTTP interface of a manager.
//
// A request goes through four places, each of which exists once. [New] mounts
// the one table of routes (routes.go); a route without a declared right does
// not start. The door (door.go) finds out who asks, whether they may, and how
// fresh a view they want, and puts that into a call. The handler of a noun,
// one file each, reads the call's view or applies one command. What it returns
// becomes JSON or, from an error, a problem (problem.go).
//
// Handlers know nothing of raft. A change is a command given to [Cluster], and
// it does not matter which manager was asked.
//
// The types with JSON tags are the public objects. Lists, single answers and
// the event stream show the same ones. Ids inside of rows are shown as names
// wherever people know the thing by one.
//
// gin routes; huma binds and validates bodies and writes the OpenAPI document
// from the types. The door does not use huma's own parameters: they cannot say
// which ones exist when an unknown one is given, and all lists take the same.
package api
