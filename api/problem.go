package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"bcm/fsm"
)

// Codes of refusals that only HTTP knows; the others are those of [fsm.Error].
const (
	Unreadable       fsm.Code = "unreadable"         // 400: not JSON
	NoSuchMethod     fsm.Code = "method_not_allowed" // 405
	TooLarge         fsm.Code = "too_large"          // 413
	UnsupportedMedia fsm.Code = "unsupported_media"  // 415: not application/json
	BadGateway       fsm.Code = "bad_gateway"        // 502: the server that a request is for does not answer, or not well
	GatewayTimeout   fsm.Code = "gateway_timeout"    // 504: nor in time
)

// Problem is the form of every error, after RFC 9457.
type Problem struct {
	Type      string           `json:"type" doc:"urn:bcm:problem: and the code"`
	Title     string           `json:"title" doc:"The status in words"`
	Status    int              `json:"status"`
	Detail    string           `json:"detail" doc:"What is wrong, and what to do"`
	Code      fsm.Code         `json:"code" doc:"What kind of refusal it is; the only part to compare"`
	RequestID string           `json:"request_id"`
	Errors    []fsm.FieldError `json:"errors,omitempty" doc:"Each bad field or parameter"`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status; huma asks for it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457; huma asks for it.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// retryAfter is how many seconds one should wait who asks again.
const retryAfter = "1"

// statusOf maps a code to the status of the answer.
func statusOf(code fsm.Code) int {
	switch code {
	case Unreadable:
		return http.StatusBadRequest
	case fsm.Unauthorized:
		return http.StatusUnauthorized
	case fsm.Denied:
		return http.StatusForbidden
	case fsm.NotFound:
		return http.StatusNotFound
	case NoSuchMethod:
		return http.StatusMethodNotAllowed
	case fsm.Conflict, fsm.ApprovalRequired:
		return http.StatusConflict
	case fsm.Precondition:
		return http.StatusPreconditionFailed
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case UnsupportedMedia:
		return http.StatusUnsupportedMediaType
	case fsm.Invalid, fsm.Mismatch:
		return http.StatusUnprocessableEntity
	case fsm.Exhausted:
		return http.StatusTooManyRequests
	case fsm.Unavailable:
		return http.StatusServiceUnavailable
	case BadGateway:
		return http.StatusBadGateway
	case GatewayTimeout:
		return http.StatusGatewayTimeout
	case fsm.NoRoom:
		return http.StatusInsufficientStorage
	case fsm.OutcomeUnknown:
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

// problemOf makes the problem of an error. What is not an [fsm.Error] is a fault
// of ours: its text goes to the log and not to the one who asked.
func (a *API) problemOf(requestID string, err error) *Problem {
	e, ok := errors.AsType[*fsm.Error](err)
	if !ok {
		e = a.surprise(requestID, err)
	}
	status := statusOf(e.Code)
	return &Problem{
		Type:      "urn:bcm:problem:" + string(e.Code),
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    e.Message,
		Code:      e.Code,
		RequestID: requestID,
		Errors:    e.Fields,
	}
}

func (a *API) surprise(requestID string, err error) *fsm.Error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fsm.Errorf(fsm.Unavailable, "there was no answer in time; ask again")
	}
	a.log.Error("a request failed", "request", requestID, "error", err)
	return fsm.Errorf(fsm.Internal, "a fault in the manager; its log says more under request %s", requestID)
}

// headersOf sets what goes with the problem.
func headersOf(h http.Header, p *Problem) {
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusGatewayTimeout:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", retryAfter)
		}
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="bcm"`)
	}
}

// refuse answers a request with a problem, outside of huma.
func (a *API) refuse(g *gin.Context, err error) {
	p := a.problemOf(g.GetHeader(requestHeader), err)
	headersOf(g.Writer.Header(), p)
	g.Header("Content-Type", problemType)
	g.JSON(p.Status, p)
	g.Abort()
}

// invalid refuses one field or parameter.
func invalid(field, format string, args ...any) *fsm.Error {
	msg := fmt.Sprintf(format, args...)
	return &fsm.Error{Code: fsm.Invalid, Message: field + ": " + msg, Fields: []fsm.FieldError{{Field: field, Message: msg}}}
}

// mend turns what huma says of a bad body into a problem. huma's details repeat
// the values, which may be secrets: those are left out.
func (a *API) mend(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	e := &fsm.Error{Code: fsm.Internal, Message: m.Detail}
	switch m.Status {
	case http.StatusBadRequest:
		e.Code, e.Message = Unreadable, "the body cannot be read as JSON"
	case http.StatusUnprocessableEntity:
		e.Code, e.Message = fsm.Invalid, "the body does not fit"
	}
	var says []string
	for _, d := range m.Errors {
		f := fsm.FieldError{Field: strings.TrimPrefix(d.Location, "body."), Message: d.Message}
		if known, unknown := a.unknownField(ctx.Operation(), d.Location); unknown {
			f.Message = "no such field; there are " + strings.Join(known, ", ")
		}
		e.Fields = append(e.Fields, f)
		says = append(says, f.Field+": "+f.Message)
	}
	slices.Sort(says)
	if len(says) > 0 {
		e.Message += ": " + strings.Join(says, "; ")
	}
	p := a.problemOf(ctx.Header(requestHeader), e)
	return p, nil
}

// unknownField tells whether a place in the body of an operation has no field in
// its schema, and which ones there are beside it.
func (a *API) unknownField(op *huma.Operation, location string) (known []string, unknown bool) {
	parts := strings.Split(location, ".")
	if op == nil || op.RequestBody == nil || len(parts) < 2 || parts[0] != "body" {
		return nil, false
	}
	media := op.RequestBody.Content["application/json"]
	if media == nil {
		return nil, false
	}
	schema := a.resolve(media.Schema)
	for _, part := range parts[1 : len(parts)-1] {
		name, _, inArray := strings.Cut(part, "[")
		if schema == nil || schema.Properties[name] == nil {
			return nil, false
		}
		if schema = a.resolve(schema.Properties[name]); inArray && schema != nil {
			schema = a.resolve(schema.Items)
		}
	}
	last := parts[len(parts)-1]
	if schema == nil || schema.Properties == nil || schema.AdditionalProperties != false || schema.Properties[last] != nil {
		return nil, false
	}
	for name := range schema.Properties {
		known = append(known, name)
	}
	slices.Sort(known)
	return known, true
}

// resolve follows the reference of a schema.
func (a *API) resolve(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}
