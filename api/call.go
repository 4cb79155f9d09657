package api

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bcm/fsm"
)

// call is one request that has come through the door.
type call struct {
	*API
	gin    *gin.Context
	route  route
	query  url.Values
	body   []byte
	user   *fsm.User // who asks; nil on routes for anyone
	token  *fsm.Token
	access fsm.Access
	view   *fsm.View // what the handler reads
	floor  uint64    // what the view must contain: that who asks may
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf gives the call of a request; there is one behind the door.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

func (c *call) ctx() context.Context { return c.gin.Request.Context() }

// param gives a part of the path.
func (c *call) param(name string) string { return c.gin.Param(name) }

// requestID is the id that was sent, or was made for the request.
func (c *call) requestID() string { return c.gin.GetHeader(requestHeader) }

// maxWait bounds how long a read may wait for something newer.
const maxWait = 5 * time.Minute

// look gets the view that the call reads and tells in headers how fresh it is.
func (c *call) look() error {
	freshness, index, wait, err := c.freshness()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx(), callTimeout)
	defer cancel()
	if c.view, err = c.Cluster.View(ctx, freshness); err != nil {
		return err
	}
	if wait > 0 {
		if err := c.await(index, wait); err != nil {
			return err
		}
	}
	status := c.Cluster.Status()
	h := c.gin.Writer.Header()
	h.Set(leaderHeader, status.LeaderName)
	h.Set(contactHeader, status.LastContact.Round(time.Millisecond).String())
	c.tellIndex()
	return nil
}

func (c *call) tellIndex() {
	c.gin.Header(indexHeader, strconv.FormatUint(c.view.Index, 10))
}

// freshness reads ?index, ?wait and ?consistent.
func (c *call) freshness() (f fsm.Freshness, index uint64, wait time.Duration, err error) {
	if s := c.query.Get("index"); s != "" {
		if index, err = strconv.ParseUint(s, 10, 64); err != nil {
			return f, 0, 0, invalid("index", "%q is not a number", s)
		}
	}
	if s := c.query.Get("wait"); s != "" {
		if wait, err = time.ParseDuration(s); err != nil || wait < 0 || wait > maxWait {
			return f, 0, 0, invalid("wait", "%q is not a duration up to %v, such as 30s", s, maxWait)
		}
		if !c.query.Has("index") {
			return f, 0, 0, invalid("wait", "needs index, the one to wait beyond")
		}
	}
	if c.query.Has("consistent") && c.query.Get("consistent") != "false" {
		return fsm.Linearizable(), index, wait, nil
	}
	return fsm.AtLeast(c.floor), index, wait, nil
}

// await replaces the view by one newer than index, or by the newest there is
// when the wait is over.
func (c *call) await(index uint64, wait time.Duration) error {
	end := time.NewTimer(wait)
	defer end.Stop()
	for c.view.Index <= index {
		select {
		case <-c.view.Stale():
		case <-end.C:
			return nil
		case <-c.ctx().Done():
			return c.ctx().Err()
		}
		view, err := c.Cluster.View(c.ctx(), fsm.Local())
		if err != nil {
			return err
		}
		c.view = view
	}
	return nil
}

// redirected answers ?redirect: a manager that would pass a change on says where
// to send it instead.
func (c *call) redirected() bool {
	if !c.query.Has("redirect") {
		return false
	}
	status := c.Cluster.Status()
	if status.IsLeader {
		return false
	}
	if status.LeaderAPI == "" {
		c.refuse(c.gin, fsm.Errorf(fsm.Unavailable, "there is no leader at the moment; ask again"))
		return true
	}
	c.gin.Redirect(http.StatusTemporaryRedirect, atLeader(c.gin.Request.URL, status))
	c.gin.Abort()
	return true
}

// apply makes one change in the name of who asks, under the request's id, and
// renews the view so that it shows the change. One that needs a second person is
// put on hold, and the error then says for what it waits.
func (c *call) apply(cmd fsm.Command) (fsm.Result, error) {
	ctx := c.ctx()
	if c.chosen() {
		ctx = fsm.WithRequest(ctx, c.requestID(), c.fingerprint())
	}
	result, err := c.applyBy(ctx, "user:"+c.user.Name, cmd)
	if fsm.CodeOf(err) == fsm.ApprovalRequired {
		return result, c.askApproval(cmd)
	}
	return result, err
}

// applyAs makes one change in the name of a part of the system, for somebody who
// is not a user. Request ids of strangers are not remembered: they would share
// them.
func (c *call) applyAs(system string, cmd fsm.Command) (fsm.Result, error) {
	return c.applyBy(c.ctx(), "system:"+system, cmd)
}

func (c *call) applyBy(ctx context.Context, by string, cmd fsm.Command) (fsm.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	begin := time.Now()
	result, err := c.Cluster.Apply(ctx, by, cmd)
	c.metrics.applied(cmd, err, time.Since(begin))
	if err != nil {
		return result, err
	}
	if c.view, err = c.Cluster.View(ctx, fsm.AtLeast(result.Index)); err != nil {
		return result, err
	}
	c.tellIndex()
	return result, nil
}

// settled gives a view that has all that was acknowledged anywhere, for questions
// on which somebody is let in.
func (c *call) settled(within time.Duration) (*fsm.View, error) {
	ctx, cancel := context.WithTimeout(c.ctx(), within)
	defer cancel()
	return c.Cluster.View(ctx, fsm.Linearizable())
}

// chosen tells whether the one who asks chose the request id, and so may ask
// again with it.
func (c *call) chosen() bool { return c.gin.GetBool(chosenKey) }

// fingerprint identifies all that the request says, its secrets left out.
func (c *call) fingerprint() []byte {
	r := c.gin.Request
	query := url.Values{}
	for name, values := range c.query {
		if name != "redirect" {
			query[name] = values
		}
	}
	text := strings.Join([]string{r.Method, r.URL.Path, query.Encode(), r.Header.Get("If-Match"), blanked(c.body)}, "\x00")
	sum := sha256.Sum256([]byte(text))
	return sum[:16]
}

// ifMatch reads the index that the object must still have; 0 when it may have
// any.
func (c *call) ifMatch() (uint64, error) {
	tag := strings.TrimSpace(c.gin.GetHeader("If-Match"))
	if tag == "" || tag == "*" {
		return 0, nil
	}
	index, err := strconv.ParseUint(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), 10, 64)
	if err != nil || index == 0 {
		return 0, fsm.Errorf(fsm.Precondition, "If-Match: %s is no ETag of this object; read it again", tag)
	}
	return index, nil
}

// find gives the row that a part of the path names, by id or name.
func find[T any](t *fsm.Table[T], noun, ref string) (*T, error) {
	row, ok := t.Find(ref)
	if !ok {
		return nil, fsm.Errorf(fsm.NotFound, "no %s %q", noun, ref)
	}
	return row, nil
}

// target gives the id and the expected index of the object that a change is
// about. A request asked again under its own id may name what it has removed:
// the cluster remembers its answer and must be asked.
func target[T any](c *call, t *fsm.Table[T], noun string, id func(*T) string) (string, uint64, error) {
	ref := c.param(noun)
	index, err := c.ifMatch()
	if err != nil {
		return "", 0, err
	}
	row, err := find(t, noun, ref)
	if err != nil {
		if c.chosen() {
			return ref, index, nil
		}
		return "", 0, err
	}
	return id(row), index, nil
}

// made re-reads the object that a change was about.
func made[T any](t *fsm.Table[T], noun, id string) (*T, error) {
	row, ok := t.Get(id)
	if !ok {
		return nil, fsm.Errorf(fsm.NotFound, "%s %s was changed by this request, and has been removed since", noun, id)
	}
	return row, nil
}
