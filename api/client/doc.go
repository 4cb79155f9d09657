// Package client is how programs talk to a grid from outside: the command line,
// tests, and agents on other hosts.
//
// [Grid] is for people and programs with a token. Its methods are generated from
// the OpenAPI document that managers serve, and so cannot differ from it; what is
// written by hand is the way there: several addresses of which any will do, the
// token, the cluster's CA, and errors that arrive as the [fsm.Error] they were.
//
// [Door] is for nodes, which have certificates, and [Join] is how they get one.
//
// openapi.json is printed by the program itself (make gen); a test holds that
// both it and the generated file are in step.
package client

//go:generate go tool oapi-codegen -config oapi-codegen.yaml openapi.json
