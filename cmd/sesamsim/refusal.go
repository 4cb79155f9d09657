package main

import (
	"errors"
	"fmt"
	"net/http"
)

// refusal is an error as the server answers it. It knows everything but the
// URL, which the answering side adds.
type refusal struct {
	status  int
	key     string // what a client branches on
	kind    string
	message string
	params  []any
}

func (r *refusal) Error() string { return r.key + ": " + r.message }

// errorBody is the body of every error: exactly these five keys, since a known
// client fails on a missing one and on a sixth.
type errorBody struct {
	Error     string `json:"error"`
	Message   string `json:"message"`
	Parameter []any  `json:"parameter"`
	Type      string `json:"type"`
	URL       string `json:"url"`
}

const generalKind = "GENERAL ERROR"

func badRequest(format string, args ...any) error {
	return &refusal{http.StatusBadRequest, "CLIENT_ERROR_BAD_REQUEST", generalKind, fmt.Sprintf(format, args...), nil}
}

func unauthorized(message string) error {
	return &refusal{http.StatusUnauthorized, "CLIENT_ERROR_UNAUTHORIZED", generalKind, message, nil}
}

func forbidden(message string) error {
	return &refusal{http.StatusForbidden, "CLIENT_ERROR_FORBIDDEN", generalKind, message, nil}
}

func noEndpoint(path string) error {
	return &refusal{http.StatusNotFound, "CLIENT_ERROR_NOT_FOUND", generalKind, "there is no such endpoint", []any{path}}
}

func wrongMethod(method string) error {
	return &refusal{http.StatusMethodNotAllowed, "CLIENT_ERROR_METHOD_NOT_ALLOWED", generalKind,
		"this endpoint cannot be called with " + method, []any{method}}
}

func notEditable(what, key string) error {
	return &refusal{http.StatusMethodNotAllowed, "CLIENT_ERROR_METHOD_NOT_ALLOWED", "NOT_EDITABLE",
		fmt.Sprintf("%s %q belongs to the server and cannot be changed like this", what, key), []any{key}}
}

// absent and duplicate: the keys are documented, the statuses are our choice.

func absent(what string, key any) error {
	return &refusal{http.StatusNotFound, "object.not.found.id", "OBJECT_NOT_FOUND",
		fmt.Sprintf("%s: no object %v", what, key), []any{key}}
}

func duplicate(what string, key any) error {
	return &refusal{http.StatusConflict, "duplicate.entry", "DUPLICATE",
		fmt.Sprintf("%s: %v is in use already", what, key), []any{key}}
}

// inUse refuses to remove what something else needs. Our choice.
func inUse(what string, key any, by string) error {
	return &refusal{http.StatusConflict, "object.in.use", "IN_USE",
		fmt.Sprintf("%s: %v is needed by %s", what, key, by), []any{key}}
}

func serverError(message string) error {
	return &refusal{http.StatusInternalServerError, "SERVER_ERROR_INTERNAL", generalKind, message, nil}
}

func unavailable(message string) error {
	return &refusal{http.StatusServiceUnavailable, "SERVER_ERROR_SERVICE_UNAVAILABLE", generalKind, message, nil}
}

// asRefusal finds the refusal in err; anything else is an internal error whose
// text stays in the log.
func asRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	errors.As(serverError("the server could not do this; its log says why"), &r)
	return r
}
