package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bcm/fsm"
)

// metrics are the numbers of one manager. Those of the state are read from a
// view at each scrape; only what passes is counted.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	applies  *prometheus.CounterVec
	commit   prometheus.Histogram
	logins   *prometheus.CounterVec
	ends     *ends

	carriedTotal *prometheus.CounterVec
	carriedTime  *prometheus.HistogramVec
	carriedBytes *prometheus.CounterVec
	carriedNow   *prometheus.GaugeVec
}

func newMetrics(a *API) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_http_requests_total",
			Help: "Requests answered."}, []string{"method", "route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "bcm_http_request_duration_seconds",
			Help: "How long answers took, streams excepted.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11)},
			[]string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "bcm_http_requests_in_flight",
			Help: "Requests being answered, streams included."}),
		applies: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_applies_total",
			Help: "Changes asked for through this manager, by kind and outcome."}, []string{"kind", "code"}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bcm_raft_commit_duration_seconds",
			Help:    "From a change being asked for to its being visible here.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bcm_logins_total",
			Help: "Logins tried, by outcome: ok, refused, limited."}, []string{"outcome"}),
		ends: newEnds(),
	}
	m.countCarried()
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, m.applies, m.commit, m.logins, &stateCollector{a, m.ends},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) login(outcome string) { m.logins.WithLabelValues(outcome).Inc() }

// applied counts a change that was asked for.
func (m *metrics) applied(cmd fsm.Command, err error, took time.Duration) {
	code := string(fsm.CodeOf(err))
	if err == nil {
		code = "ok"
		m.commit.Observe(took.Seconds())
	}
	m.applies.WithLabelValues(fsm.KindOf(cmd), code).Inc()
}

// measure counts requests, by the route that they came to.
func (a *API) measure(g *gin.Context) {
	begin := time.Now()
	a.metrics.inFlight.Inc()
	defer func() {
		a.metrics.inFlight.Dec()
		route := g.FullPath()
		if route == "" {
			route = "other"
		}
		a.metrics.requests.WithLabelValues(methodOf(g.Request), route, strconv.Itoa(g.Writer.Status())).Inc()
		if route != "/v1/stream" && !strings.HasSuffix(route, "/*path") {
			a.metrics.duration.WithLabelValues(route).Observe(time.Since(begin).Seconds())
		}
	}()
	g.Next()
}

// methodOf keeps strangers from making up labels.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// scrape answers a scrape.
func scrape(c *call) error {
	promhttp.HandlerFor(c.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(c.gin.Writer, c.gin.Request)
	return nil
}
