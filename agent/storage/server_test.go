package storage

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"bcm/agent/storage/blob"
)

func sumOf(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

func TestServerSpeaksTheProtocol(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read | Write})
	hc := w.as("n1")
	sum := sumOf("hello world")
	long := strings.Repeat("p", 201)
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code, want               string
	}{
		{"store", "PUT", "/v1/ns/p1", "hello world", []string{blob.HeaderSum, sum, "If-None-Match", "*"}, 201, "", ""},
		{"store nothing", "PUT", "/v1/ns/p0", "", []string{blob.HeaderSum, sumOf("")}, 201, "", ""},
		{"store again", "PUT", "/v1/ns/p1", "hello world", []string{blob.HeaderSum, sum, "If-None-Match", "*"}, 412, "exists", "blob p1 exists"},
		{"overwrite", "PUT", "/v1/ns/p1", "other", []string{blob.HeaderSum, sumOf("other")}, 409, "exists", "blob p1 exists"},
		{"read", "GET", "/v1/ns/p1", "", nil, 200, "", "hello world"},
		{"read nothing", "GET", "/v1/ns/p0", "", nil, 200, "", ""},
		{"range", "GET", "/v1/ns/p1", "", []string{"Range", "bytes=6-8"}, 206, "", "wor"},
		{"range to the end", "GET", "/v1/ns/p1", "", []string{"Range", "bytes=6-100"}, 206, "", "world"},
		{"range outside", "GET", "/v1/ns/p1", "", []string{"Range", "bytes=60-100"}, 416, "", "invalid range: failed to overlap\n"},
		{"missing", "GET", "/v1/ns/p2", "", nil, 404, "missing", "no such blob: p2"},
		{"no checksum", "PUT", "/v1/ns/p2", "x", nil, 400, "invalid", ""},
		{"half a checksum", "PUT", "/v1/ns/p2", "x", []string{blob.HeaderSum, sum[:32]}, 400, "invalid", ""},
		{"long checksum", "PUT", "/v1/ns/p2", "x", []string{blob.HeaderSum, sum + "00"}, 400, "invalid", ""},
		{"wrong checksum", "PUT", "/v1/ns/p2", "x", []string{blob.HeaderSum, sum}, 400, "checksum", ""},
		{"condition", "PUT", "/v1/ns/p2", "x", []string{blob.HeaderSum, sumOf("x"), "If-None-Match", `"a"`}, 400, "invalid", ""},
		{"long name", "PUT", "/v1/ns/" + long, "x", []string{blob.HeaderSum, sumOf("x")}, 400, "invalid", ""},
		{"escape", "PUT", "/v1/ns/..%2f..%2fetc", "x", []string{blob.HeaderSum, sumOf("x")}, 400, "invalid", ""},
		{"escape read", "GET", "/v1/ns/..%2fns2%2fp", "", nil, 400, "invalid", ""},
		{"namespace", "GET", "/v1/..%2fns/p1", "", nil, 400, "invalid", ""},
		{"fence", "GET", "/v1/ns/p1", "", []string{blob.HeaderFence, "one"}, 400, "invalid", ""},
		{"as of", "GET", "/v1/ns/?as_of=yesterday", "", nil, 400, "invalid", ""},
		{"route", "GET", "/v2/ns/p1", "", nil, 404, "invalid", "no such route"},
		{"deeper", "GET", "/v1/ns/p1/p2", "", nil, 404, "invalid", "no such route"},
		{"method", "POST", "/v1/ns/p1", "", nil, 404, "invalid", "no such route"},
		{"delete a pack", "DELETE", "/v1/ns/p1", "", nil, 403, "forbidden", ""},
		{"still there", "GET", "/v1/ns/p1", "", nil, 200, "", "hello world"},
	} {
		status, code, body := w.ask(hc, c.method, c.path, []byte(c.body), c.headers...)
		if status != c.status || code != c.code || c.want != "" && string(body) != c.want {
			t.Errorf("%s: %d %q %q, want %d %q %q", c.name, status, code, body, c.status, c.code, c.want)
		}
	}
	if got := w.server.Traffic(); got.In.Load() < 11 || got.Out.Load() < 33 || got.Refused.Load() < 10 {
		t.Errorf("traffic: %d in, %d out, %d refused", got.In.Load(), got.Out.Load(), got.Refused.Load())
	}
}

func TestServerDescribesBlobs(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read | Write})
	mustPut(t, w.store, "ns", "p1", []byte("hello"))
	want, err := w.store.Stat("ns", "p1")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.as("n1").Head(w.url + "/v1/ns/p1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	created, err := strconv.ParseInt(resp.Header.Get(blob.HeaderCreated), 10, 64)
	if err != nil || created != want.Created.UnixNano() || resp.ContentLength != 5 || resp.Header.Get(blob.HeaderSum) != sumOf("hello") {
		t.Errorf("%v, %v", resp.Header, err)
	}
}

func TestServerListsWithAnEndMark(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read})
	for i := range 3000 {
		mustPut(t, w.store, "ns", fmt.Sprintf("p%04d", i), nil)
		if i == 9 {
			mustPut(t, w.store, "ns", "q", []byte("data"))
		}
	}
	tenth, err := w.store.Stat("ns", "p0009")
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"":          3001,
		"?prefix=q": 1,
		"?prefix=z": 0,
		"?as_of=" + tenth.Created.UTC().Format(time.RFC3339Nano):             10,
		"?prefix=p&as_of=" + tenth.Created.UTC().Format(time.RFC3339Nano):    10,
		"?prefix=q&as_of=" + tenth.Created.UTC().Format("2006-01-02T15:04Z"): -1,
	} {
		status, _, body := w.ask(w.as("n1"), "GET", "/v1/ns/"+query, nil)
		if want < 0 {
			if status != 400 {
				t.Errorf("%s: %d", query, status)
			}
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(body)), "\n")
		if end := fmt.Sprintf(`{"end":true,"count":%d}`, want); want == 0 && lines[0] != `{"end":true}` || want > 0 && (lines[len(lines)-1] != end || len(lines) != want+1) {
			t.Errorf("%s: %d lines, the last %s", query, len(lines), lines[len(lines)-1])
		}
	}
	seen := 0
	err = w.client("n1", "ns", blob.Options{AsOf: tenth.Created}).List(t.Context(), "", func(info blob.Info) error {
		seen++
		return nil
	})
	if err != nil || seen != 10 {
		t.Errorf("the client sees %d as of then, %v", seen, err)
	}
}

func TestServerLetsIn(t *testing.T) {
	type try struct {
		method, path string
		headers      []string
		status       int
		code         string
	}
	stored := []string{blob.HeaderSum, sumOf("")}
	read, write := try{"GET", "/v1/ns/p1", nil, 200, ""}, try{"PUT", "/v1/ns/new", stored, 201, ""}
	list, mark, del := try{"GET", "/v1/ns/", nil, 200, ""}, try{"DELETE", "/v1/ns/s1", nil, 204, ""}, try{"DELETE", "/v1/ns/p1", nil, 204, ""}
	replace := try{"PUT", "/v1/ns/kopia.maintenance", stored, 201, ""}
	no := func(t try, status int, code string) try { t.status, t.code = status, code; return t }
	refused := func(t try) try { return no(t, 403, "forbidden") }
	fenced := func(t try, fence string) try {
		t.headers = append([]string{blob.HeaderFence, fence}, t.headers...)
		return t
	}
	now := time.Now()
	for name, c := range map[string]struct {
		grants Table
		at     time.Time
		tries  []try
	}{
		"nobody told it": {Table{}, time.Time{}, []try{no(read, 503, "stale"), no(write, 503, "stale")}},
		"no grant":       {Table{Version: 5}, now, []try{refused(read), refused(write), refused(list), refused(mark), refused(del)}},
		"read": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read}}}, now,
			[]try{read, list, refused(write), refused(mark), refused(del), refused(replace)}},
		"write": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read | Write}}}, now,
			[]try{read, list, write, mark, refused(del), no(replace, 409, "exists")}},
		"delete": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read | Write | Delete}}}, now,
			[]try{read, list, write, mark, replace, del}},
		"two grants": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read}, {Peer: "n1", Namespace: "ns", Rights: Write}}}, now,
			[]try{read, write, refused(del)}},
		"another's": {Table{Version: 5, Grants: []Grant{{Peer: "n2", Namespace: "ns", Rights: Read | Write | Delete}}}, now,
			[]try{refused(read), refused(write), refused(list)}},
		"elsewhere": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns2", Rights: Read | Write | Delete}}}, now,
			[]try{refused(read), refused(write), refused(list), refused(del)}},
		"old": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read | Write}}}, now.Add(-11 * time.Minute),
			[]try{no(read, 503, "stale"), no(write, 503, "stale")}},
		"order not known yet": {Table{Version: 5}, now, []try{
			no(fenced(write, "0.6"), 503, "stale"), refused(fenced(write, "0.5"))}},
		"order after this one": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read | Write, Fence: blob.Fence{Epoch: 1, Index: 4}}}}, now, []try{
			refused(fenced(write, "1.3")), refused(fenced(read, "0.9")), fenced(read, "1.4"), fenced(write, "1.5")}},
		"quota": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read | Write}}, Quotas: map[string]int64{"ns": 4}}, now, []try{
			no(try{"PUT", "/v1/ns/p9", []string{blob.HeaderSum, sumOf("data")}, 0, ""}, 507, "quota"), write}},
		"quota for one that frees": {Table{Version: 5, Grants: []Grant{{Peer: "n1", Namespace: "ns", Rights: Read | Write | Delete}}, Quotas: map[string]int64{"ns": 4}}, now, []try{
			{"PUT", "/v1/ns/p9", []string{blob.HeaderSum, sumOf("data")}, 201, ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{}, Options{MinAge: time.Nanosecond})
			for _, blob := range []string{"p1", "s1", "kopia.maintenance"} {
				mustPut(t, w.store, "ns", blob, []byte("x"))
			}
			if !c.at.IsZero() {
				w.grants.Set(c.grants, c.at)
			}
			hc := w.as("n1")
			for _, try := range c.tries {
				body := ""
				if strings.HasSuffix(try.path, "p9") {
					body = "data"
				}
				if status, code, text := w.ask(hc, try.method, try.path, []byte(body), try.headers...); status != try.status || code != try.code {
					t.Errorf("%s %s %v: %d %q %s, want %d %q", try.method, try.path, try.headers, status, code, text, try.status, try.code)
				}
			}
		})
	}
}

func TestGrantsAreSwappedAndConfirmed(t *testing.T) {
	var g Grants
	now := time.Now()
	g.Confirm(9, now) // nothing to confirm
	judge := func(at time.Time) verdict {
		v, _ := g.judge("n1", "ns", Read, blob.Fence{}, time.Minute, at)
		return v
	}
	if judge(now) != unsure {
		t.Error("a table that was never set was confirmed")
	}
	mine := []Grant{{Peer: "n1", Namespace: "ns", Rights: Read}}
	g.Set(Table{Version: 5, Grants: mine}, now)
	if judge(now) != allowed {
		t.Error("a grant does not count")
	}
	if judge(now.Add(2*time.Minute)) != unsure {
		t.Error("an old confirmation was enough")
	}
	g.Confirm(7, now.Add(90*time.Second))
	if judge(now.Add(2*time.Minute)) != allowed {
		t.Error("a confirmation did not count")
	}
	g.Set(Table{Version: 8}, now.Add(2*time.Minute))
	if judge(now.Add(2*time.Minute)) != refusedRight {
		t.Error("a revocation did not count")
	}
	g.Set(Table{Version: 3, Grants: mine}, now.Add(3*time.Minute)) // the cluster came back from a snapshot
	if judge(now.Add(3*time.Minute)) != allowed {
		t.Error("a recovered cluster's grants do not count")
	}
}

func TestServerTurnsStrangersAway(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read})
	foreign := holder(t, newCA(t, "c1"), "n1").ClientTLS("", "store1") // same names, another authority
	foreign.VerifyConnection = nil
	for name, conf := range map[string]*tls.Config{
		"no certificate":      {InsecureSkipVerify: true},
		"foreign certificate": foreign,
	} {
		tr := &http.Transport{TLSClientConfig: conf}
		if resp, err := (&http.Client{Transport: tr}).Get(w.url + "/v1/ns/"); err == nil {
			t.Errorf("%s: %s", name, resp.Status)
			_ = resp.Body.Close()
		}
		tr.CloseIdleConnections()
	}
	w.grants.Set(Table{Version: 11}, time.Now())
	if status, _, _ := w.ask(w.as("n1"), "GET", "/v1/ns/", nil); status != 403 {
		t.Errorf("a revoked node: %d", status)
	}
}

func TestServerEndsInOrder(t *testing.T) {
	w := newWorld(t, Config{}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read | Write})
	stop := w.serve(listen(t, "127.0.0.1:0"))
	data := strings.Repeat("x", 1<<20)
	body, feed := io.Pipe()
	req, err := http.NewRequest("PUT", w.url+"/v1/ns/p1", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = int64(len(data))
	req.Header.Set(blob.HeaderSum, sumOf(data))
	status := make(chan int, 1)
	go func() {
		resp, err := w.as("n1").Do(req)
		if err != nil {
			t.Errorf("a request that was going on: %v", err)
			status <- 0
			return
		}
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	in := bufio.NewWriter(feed)
	if _, err := in.WriteString(data[:1<<19]); err != nil {
		t.Fatal(err)
	}
	for w.server.Traffic().In.Load() == 0 { // until it is going on
		runtime.Gosched()
	}
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	if _, err := in.WriteString(data[1<<19:]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(in.Flush(), feed.Close()); err != nil {
		t.Fatal(err)
	}
	if got := <-status; got != 201 {
		t.Errorf("the request that was going on: %d", got)
	}
	<-ended
	if resp, err := w.as("n1").Get(w.url + "/v1/ns/p1"); err == nil {
		t.Errorf("it still answers: %s", resp.Status)
		_ = resp.Body.Close()
	}
}

func TestServerCutsAPeerThatStopsSending(t *testing.T) {
	w := newWorld(t, Config{Stall: 50 * time.Millisecond}, Options{})
	w.let(Grant{Peer: "n1", Namespace: "ns", Rights: Read | Write})
	body, feed := io.Pipe()
	t.Cleanup(func() { _ = feed.Close() })
	req, err := http.NewRequest("PUT", w.url+"/v1/ns/p1", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 1 << 20
	req.Header.Set(blob.HeaderSum, sumOf(""))
	if resp, err := w.as("n1").Do(req); err == nil {
		if resp.StatusCode < 400 {
			t.Errorf("half a blob: %s", resp.Status)
		}
		_ = resp.Body.Close()
	}
	u, err := w.store.Usage()
	if err != nil || len(u.Namespaces) != 1 || u.Namespaces[0].Reserved != 0 || u.Namespaces[0].Blobs != 0 {
		t.Errorf("what it had reserved: %+v, %v", u, err)
	}
}
