package storage

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"bcm/agent/storage/blob"
)

// get answers with a blob, or with what HEAD asks for.
func (s *Server) get(w http.ResponseWriter, r *http.Request, c call) {
	asOf, ok := s.asOf(w, r)
	if !ok {
		return
	}
	b, err := s.cfg.Store.GetAsOf(c.ns, c.name, asOf)
	if err != nil {
		s.fail(w, c, err, blob.Info{})
		return
	}
	defer func() {
		if err := b.Close(); err != nil {
			s.cfg.Log.Error("closing a blob", "blob", c.name, "error", err)
		}
	}()
	describe(w, b.Info)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(&steady{w, s, &s.traffic.Out}, r, "", time.Time{}, b)
}

// put stores a blob.
func (s *Server) put(w http.ResponseWriter, r *http.Request, c call) {
	exclusive := r.Header.Get("If-None-Match") != ""
	offer := Offer{Namespace: c.ns, Name: c.name, Size: r.ContentLength}
	switch {
	case exclusive && r.Header.Get("If-None-Match") != "*":
		s.refuse(w, http.StatusBadRequest, blob.CodeInvalid, "If-None-Match can only be *")
		return
	case r.ContentLength < 0:
		s.refuse(w, http.StatusLengthRequired, blob.CodeInvalid, "Content-Length is required")
		return
	case r.ContentLength > s.cfg.MaxBlob:
		s.refuse(w, http.StatusRequestEntityTooLarge, blob.CodeInvalid, "a blob has at most "+strconv.FormatInt(s.cfg.MaxBlob, 10)+" bytes")
		return
	}
	if n, err := hex.Decode(offer.Sum[:], []byte(fixed(r.Header.Get(blob.HeaderSum), 64))); err != nil || n != 32 {
		s.refuse(w, http.StatusBadRequest, blob.CodeInvalid, blob.HeaderSum+" is required: 64 hexadecimal digits")
		return
	}
	rights := s.cfg.Grants.rights(c.peer, c.ns)
	offer.Quota = s.cfg.Grants.quota(c.ns, rights)
	offer.Replace = !exclusive && rights.has(Delete) && blob.Replaceable(c.name)
	info, err := s.cfg.Store.Put(offer, &steadyBody{r.Body, w, s})
	s.allowTime(w) // receiving and flushing may have taken all that there was
	if err != nil {
		if errors.Is(err, blob.ErrExists) && exclusive {
			s.exists(w, http.StatusPreconditionFailed, info)
			return
		}
		s.fail(w, c, err, info)
		return
	}
	describe(w, info)
	w.WriteHeader(http.StatusCreated)
}

// delete removes a blob: a session mark for a writer, anything old enough for one
// that may delete.
func (s *Server) delete(w http.ResponseWriter, _ *http.Request, c call) {
	mark := blob.Ephemeral(c.name)
	if !mark && !s.admit(w, c, Delete) {
		return
	}
	if err := s.cfg.Store.Delete(c.ns, c.name, mark); err != nil {
		s.fail(w, c, err, blob.Info{})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// asOf reads the time as of which a request looks at the namespace, zero for now. It
// answers a request that says it wrongly.
func (s *Server) asOf(w http.ResponseWriter, r *http.Request) (asOf time.Time, ok bool) {
	text := r.URL.Query().Get("as_of")
	if text == "" {
		return time.Time{}, true
	}
	asOf, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, blob.CodeInvalid, "as_of is not a time as in RFC 3339")
		return time.Time{}, false
	}
	return asOf, true
}

// list answers with names, sizes and times, what is lost when that is asked for, and
// an end mark.
func (s *Server) list(w http.ResponseWriter, r *http.Request, c call) {
	query := r.URL.Query()
	asOf, ok := s.asOf(w, r)
	if !ok {
		return
	}
	all, err := s.cfg.Store.List(c.ns, query.Get("prefix"), asOf)
	if err != nil {
		s.fail(w, c, err, blob.Info{})
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	out := bufio.NewWriterSize(&steady{w, s, new(atomic.Int64)}, 64<<10)
	enc := json.NewEncoder(out)
	for _, info := range all {
		if enc.Encode(blob.Line{Name: info.Name, Size: info.Size, Created: info.Created.UnixNano()}) != nil {
			return // the peer is gone; without the end mark it will not believe what it has
		}
	}
	n := len(all)
	if query.Has("lost") {
		for _, name := range s.cfg.Store.Lost(c.ns) {
			if enc.Encode(blob.Line{Name: name, Lost: true}) != nil {
				return
			}
			n++
		}
	}
	if enc.Encode(blob.Line{End: true, Count: n}) == nil {
		_ = out.Flush() // likewise
	}
}

// exists answers that a name is taken, and by what.
func (s *Server) exists(w http.ResponseWriter, status int, info blob.Info) {
	describe(w, info)
	s.refuse(w, status, blob.CodeExists, "blob "+info.Name+" exists")
}

// fail answers with the error of a store.
func (s *Server) fail(w http.ResponseWriter, c call, err error, info blob.Info) {
	var full *noRoom
	switch {
	case errors.Is(err, blob.ErrMissing):
		s.refuse(w, http.StatusNotFound, blob.CodeMissing, err.Error())
	case errors.Is(err, blob.ErrExists):
		s.exists(w, http.StatusConflict, info)
	case errors.Is(err, blob.ErrYoung):
		s.refuse(w, http.StatusConflict, blob.CodeYoung, err.Error())
	case errors.Is(err, blob.ErrName), errors.Is(err, blob.ErrInvalid):
		s.refuse(w, http.StatusBadRequest, blob.CodeInvalid, err.Error())
	case errors.As(err, &full):
		s.cfg.Log.Error("no room", "namespace", c.ns, "reason", full.detail)
		w.Header().Set("Connection", "close") // the rest of the body is not read
		s.refuse(w, http.StatusInsufficientStorage, full.code, full.detail)
	case errors.Is(err, errChecksum):
		s.refuse(w, http.StatusBadRequest, blob.CodeChecksum, err.Error())
	case errors.Is(err, io.ErrUnexpectedEOF):
		s.refuse(w, http.StatusBadRequest, blob.CodeChecksum, "the body ended too soon")
	default:
		s.cfg.Log.Error("request failed", "peer", c.peer, "namespace", c.ns, "blob", c.name, "error", err)
		s.refuse(w, http.StatusInternalServerError, blob.CodeFailed, "the storage failed; its log says how")
	}
}

func describe(w http.ResponseWriter, info blob.Info) {
	w.Header().Set(blob.HeaderCreated, strconv.FormatInt(info.Created.UnixNano(), 10))
	w.Header().Set(blob.HeaderSum, hex.EncodeToString(info.Sum[:]))
	w.Header().Set("ETag", `"`+hex.EncodeToString(info.Sum[:])+`"`)
}

// fixed returns s when it has n bytes, else nothing.
func fixed(s string, n int) string {
	if len(s) != n {
		return ""
	}
	return s
}

// allowTime gives a peer until the stall limit from now to send or take something.
// A connection that cannot have deadlines, as in a test, goes without.
func (s *Server) allowTime(w http.ResponseWriter) {
	control, end := http.NewResponseController(w), time.Now().Add(s.cfg.Stall)
	err := errors.Join(control.SetReadDeadline(end), control.SetWriteDeadline(end))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.cfg.Log.Debug("setting a deadline", "error", err)
	}
}

// steady writes an answer for as long as the peer goes on taking it.
type steady struct {
	http.ResponseWriter
	server *Server
	count  *atomic.Int64
}

func (w *steady) Write(p []byte) (int, error) {
	w.server.allowTime(w.ResponseWriter)
	n, err := w.ResponseWriter.Write(p)
	w.count.Add(int64(n))
	return n, err
}

// steadyBody reads a body for as long as the peer goes on sending it.
type steadyBody struct {
	io.ReadCloser
	w      http.ResponseWriter
	server *Server
}

func (r *steadyBody) Read(p []byte) (int, error) {
	r.server.allowTime(r.w)
	n, err := r.ReadCloser.Read(p)
	r.server.traffic.In.Add(int64(n))
	return n, err
}
